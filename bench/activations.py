"""What rows of 16 bits cost beside 8-bit ones (`serve --activations`): prompts, and few sequences that decode."""

import contextlib

import models
from contestants import Batched
from prompt_and_decode import SHALLOW, STEPS_FULL, STEPS_QUICK
from rounds import measure, opened
from table import Group

EIGHT, SIXTEEN = "8 bits", "16 bits"
SEQUENCES = (1, 4, 8)
PROMPT_TOKENS = 512


def run(settings):
    group = Group("activations", f"rows of 8 and of 16 bits, {models.LLAMA_1B} 4-bit", [EIGHT, SIXTEEN],
                  [("16/8", SIXTEEN, EIGHT)])
    steps = STEPS_QUICK if settings.quick else STEPS_FULL
    makers = {name: lambda bits=bits: Batched(models.model(models.LLAMA_1B), settings, ["--activation-bits", bits])
              for name, bits in ((EIGHT, 8), (SIXTEEN, 16))}
    with contextlib.ExitStack() as stack:
        there, reasons = opened(stack, makers)
        ways = {f"prompt {PROMPT_TOKENS} tokens": lambda one: one.prompt(PROMPT_TOKENS)}
        for n in SEQUENCES:
            ways[f"decode {n} sequence{'s' if n > 1 else ''} at depth {SHALLOW}"] = (
                lambda one, n=n: one.decode(n, steps, SHALLOW))
        for title, way in ways.items():
            group.rows.append(measure(title, "tokens/s", {name: lambda one=one, way=way: way(one) for name, one in there.items()},
                                      settings.repeats, reasons))
    yield group
