"""What a prefix that was computed before saves: the first token after it, and one system prompt of many clients."""

import contextlib

import models
import prompts
from contestants import SANCTUM, Batched
from rounds import measure, opened
from table import Group

PREFIX, TAIL, CLIENTS = 2048, 16, 8


def first_token(engine, prompt_ids):
    request = engine.ask(prompt_ids, 1)
    engine.finish([request])
    return request


def run(settings):
    with contextlib.ExitStack() as stack:
        yield measured(settings, stack)


def measured(settings, stack):
    group = Group("prefix", f"prefix cache, {models.LLAMA_1B} 4-bit", ["cold", "warm", "computed", "one prompt"],
                  [("cold/warm", "cold", "warm"), ("computed/one", "computed", "one prompt")])
    there, reasons = opened(stack, {SANCTUM: lambda: Batched(models.model(models.LLAMA_1B), settings)})
    if SANCTUM not in there:
        group.notes.append(reasons[SANCTUM])
        return group
    engine = there[SANCTUM].engine
    last = {}

    def cold():
        last["prefix"] = prompts.cold(PREFIX)
        return first_token(engine, last["prefix"] + prompts.cold(TAIL)).first_token_s * 1e3

    def warm():
        return first_token(engine, last["prefix"] + prompts.cold(TAIL)).first_token_s * 1e3

    group.rows.append(measure(f"first token, {PREFIX}-token prefix", "ms", {"cold": cold, "warm": warm}, settings.repeats))

    def computed():
        """Of CLIENTS requests at once with one system prompt that nobody had before."""
        system = prompts.cold(PREFIX)
        requests = [engine.ask(system + prompts.cold(TAIL), 1) for _ in range(CLIENTS)]
        engine.finish(requests)
        return sum(request.usage["prompt_tokens"] - request.usage["cached_tokens"] for request in requests)

    row = measure(f"{CLIENTS} clients, shared {PREFIX}-token system prompt", "tokens", {"computed": computed},
                  settings.repeats)
    row.values["one prompt"] = [PREFIX + CLIENTS * TAIL]
    group.rows.append(row)
    group.notes.append(f"one prompt: the system prompt once and {CLIENTS} times {TAIL} tokens of the clients' own")
    return group
