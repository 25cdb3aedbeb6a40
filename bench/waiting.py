"""How long a short prompt waits for its first token behind long ones that came before it, beside waiting alone."""

import contextlib
import time

import models
import prompts
from child import Failed
from contestants import SANCTUM, Batched
from rounds import measure, opened
from table import Group

LONG, LONG_TOKENS, SHORT_TOKENS = 3, 4000, 16
BEGIN_SECONDS_MAX, POLL_SECONDS = 60, 0.01  # a first step is as long as the model makes it


def first_token_ms(engine):
    request = engine.ask(prompts.cold(SHORT_TOKENS), 1)
    engine.finish([request])
    return request.first_token_s * 1e3


def behind_long_ones(engine):
    long = [engine.ask(prompts.cold(LONG_TOKENS), 1) for _ in range(LONG)]
    deadline = time.monotonic() + BEGIN_SECONDS_MAX
    while engine.call("stats", {})["running"] < LONG:
        if time.monotonic() > deadline:
            raise Failed("the long prompts do not run together")
        time.sleep(POLL_SECONDS)
    waited = first_token_ms(engine)
    if any(request.completed for request in long):
        raise Failed("a long prompt was done before: there was nothing to wait behind")
    engine.cancel(long)
    return waited


def run(settings):
    with contextlib.ExitStack() as stack:
        yield measured(settings, stack)


def measured(settings, stack):
    group = Group("waiting", f"a short prompt's first token, {models.LLAMA_1B} 4-bit", ["alone", "behind"],
                  [("behind/alone", "behind", "alone")])
    there, reasons = opened(stack, {SANCTUM: lambda: Batched(models.model(models.LLAMA_1B), settings)})
    if SANCTUM not in there:
        group.notes.append(reasons[SANCTUM])
        return group
    engine = there[SANCTUM].engine
    ways = {"alone": lambda: first_token_ms(engine), "behind": lambda: behind_long_ones(engine)}
    group.rows.append(measure(f"{SHORT_TOKENS} tokens behind {LONG} prompts of {LONG_TOKENS}", "ms", ways, settings.repeats))
    return group
