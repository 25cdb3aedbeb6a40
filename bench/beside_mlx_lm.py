"""The same chat over HTTP asked of this server and of mlx_lm's own, which runs MLX's stock kernels."""

import contextlib

import models
from contestants import ALONE, SANCTUM
from http_client import at_once, tokens_per_second
from rounds import measure, opened
from server import MlxLmServer, SanctumServer
from settings import SMOKE
from table import Group

MLX_LM = "mlx_lm"
CHAT = "/v1/chat/completions"
BUILT_IN_STREAMS, BUILT_IN_TOKENS = 8, 64
BUILT_IN_QUESTION = "Count from 1 to 30."
LARGE_TOKENS, LARGE_QUESTION = 4, "Hi"  # on a CPU mlx_lm takes many seconds for each token, of the prompt too


def rate(server, question, streams, tokens):
    body = {"model": server.model, "max_tokens": tokens, "temperature": 0, "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [{"role": "user", "content": question}]}
    return tokens_per_second(at_once(server.url, CHAT, [body] * streams))


def row(model, title, question, streams, tokens, repeats, warm):
    makers = {SANCTUM: lambda: SanctumServer("sanctum serve chat", model),
              ALONE: lambda: SanctumServer("sanctum serve chat alone", model, "--max-sequences", 1),
              MLX_LM: lambda: MlxLmServer("mlx_lm server", model)}
    with contextlib.ExitStack() as stack:
        there, reasons = opened(stack, makers)
        if warm:  # first requests pay for first touches
            first = {name: lambda one=one: rate(one, question, 1, 2) for name, one in there.items()}
            reasons = measure("warming up", "tokens/s", first, 1, reasons).reasons
        ways = {name: lambda one=one: rate(one, question, streams, tokens) for name, one in there.items()}
        return measure(title, "tokens/s", ways, repeats, reasons)


def run(settings):
    group = Group("mlx-lm", "chat over HTTP", [SANCTUM, ALONE, MLX_LM],
                  [("sanctum/mlx_lm", SANCTUM, MLX_LM), ("batched/alone", SANCTUM, ALONE)])
    group.rows.append(row(SMOKE, f"built-in model, {BUILT_IN_STREAMS} streams", BUILT_IN_QUESTION,
                          BUILT_IN_STREAMS, BUILT_IN_TOKENS, settings.repeats, warm=True))
    if not settings.quick:
        title = f"{models.LLAMA_1B} 4-bit, 1 stream, {LARGE_TOKENS} tokens"
        group.rows.append(row(models.model(models.LLAMA_1B), title, LARGE_QUESTION, 1, LARGE_TOKENS, 1, warm=False))
    yield group
