"""What HTTP costs: the same work asked of the engine directly and through the server; and small requests a second."""

import contextlib
import statistics
import time

import models
import prompts
from contestants import SANCTUM, Batched
from engine import Engine
from http_client import Connection, at_once, tokens_per_second
from rounds import measure, opened
from server import SanctumServer
from table import Group

ENGINE, HTTP = "engine", "http"
STREAMS = 8
PROMPT_TOKENS = 16
FIRST_TOKENS_A_ROUND, FIRST_TOKENS_QUICK = 200, 100
TINY_STREAM_TOKENS = 512
REQUESTS_SECONDS = 3
COMPLETIONS = "/v1/completions"


def body(server, tokens, stream=True):
    options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return {"model": server.model, "prompt": prompts.cold(PROMPT_TOKENS), "max_tokens": tokens, "temperature": 0,
            "ignore_eos": True, **options}


def streams_over_http(server, tokens):
    return tokens_per_second(at_once(server.url, COMPLETIONS, [body(server, tokens) for _ in range(STREAMS)]))


def streams_in_engine(engine, tokens):
    requests = [engine.ask(prompts.cold(PROMPT_TOKENS), tokens) for _ in range(STREAMS)]
    engine.finish(requests)
    engine.frames.clear()
    said = sum(request.usage["completion_tokens"] for request in requests)
    return said / (max(request.completed_at for request in requests) - requests[0].sent)


def run(settings):
    group = Group("http", "through HTTP and in the engine", [ENGINE, HTTP], [("http/engine", HTTP, ENGINE)])
    for part in (large, tiny):
        with contextlib.ExitStack() as stack:
            part(settings, stack, group)
    group.notes.append(f"the client is a Python process on the same {settings.threads} cores; "
                       "the tiny model's rows measure it as well")
    yield group


def large(settings, stack, group):
    big, reasons = opened(stack, {ENGINE: lambda: Batched(models.model(models.LLAMA_1B), settings),
                                  HTTP: lambda: SanctumServer(f"{SANCTUM} serve", models.model(models.LLAMA_1B))})
    steps = 16 if settings.quick else 64
    ways = {ENGINE: lambda: streams_in_engine(big[ENGINE].engine, steps),
            HTTP: lambda: streams_over_http(big[HTTP], steps)}
    if HTTP in big:
        streams_over_http(big[HTTP], 2)  # the first request pays for first touches
    group.rows.append(measure(f"{models.LLAMA_1B} 4-bit, {STREAMS} streams", "tokens/s",
                              {name: ways[name] for name in big}, settings.repeats, reasons))


def tiny(settings, stack, group):
    model = models.model(models.TINY)
    there, reasons = opened(stack, {ENGINE: lambda: Engine("engine tiny"),
                                    HTTP: lambda: SanctumServer(f"{SANCTUM} serve tiny", model)})
    if ENGINE in there:
        there[ENGINE].load(model)
    ways = {ENGINE: lambda: streams_in_engine(there[ENGINE], TINY_STREAM_TOKENS),
            HTTP: lambda: streams_over_http(there[HTTP], TINY_STREAM_TOKENS)}
    group.rows.append(measure(f"tiny model, {STREAMS} streams", "tokens/s", {name: ways[name] for name in there},
                              settings.repeats, reasons))
    group.rows.append(measure(f"tiny model, {STREAMS} clients, one token each", "requests/s",
                              {HTTP: lambda: requests_per_second(there[HTTP])} if HTTP in there else {},
                              settings.repeats, reasons))
    first, note = first_tokens(settings, there, reasons)
    group.rows.append(first)
    group.notes += note


def requests_per_second(server):
    deadline = time.perf_counter() + REQUESTS_SECONDS

    def client(connection, path, one):
        answers = []
        while time.perf_counter() < deadline:
            answers.append(connection.post(path, one))
        return answers

    begin = time.perf_counter()
    answers = at_once(server.url, COMPLETIONS, [body(server, 1, stream=False) for _ in range(STREAMS)], client)
    return len(answers) / (max(answer.done for answer in answers) - begin)


def first_tokens(settings, there, reasons):
    """One request after the other; a round's figure is its median."""
    count = FIRST_TOKENS_QUICK if settings.quick else FIRST_TOKENS_A_ROUND
    ways = {}
    if ENGINE in there:
        def engine_first():
            request = there[ENGINE].ask(prompts.cold(PROMPT_TOKENS), 1)
            there[ENGINE].finish([request])
            return request.first_token_s
        ways[ENGINE] = lambda: statistics.median(engine_first() for _ in range(count)) * 1e6
    if HTTP in there:
        connection = Connection(there[HTTP].url)

        def http_first():
            answer = connection.post(COMPLETIONS, body(there[HTTP], 1))
            return answer.first - answer.sent
        ways[HTTP] = lambda: statistics.median(http_first() for _ in range(count)) * 1e6
    row = measure("tiny model, first token", "µs", ways, settings.repeats, reasons)
    if row.median(ENGINE) is None or row.median(HTTP) is None:
        return row, []
    return row, [f"HTTP adds {row.median(HTTP) - row.median(ENGINE):.0f} µs to a first token"]
