"""Prompt and decode tokens a second, of this engine, of it one sequence at a time, and of llama.cpp; what memory allows."""

import contextlib

import models
from contestants import ALONE, LLAMA, READ, SANCTUM, Batched, LlamaCpp, OneAtATime, PlainRead
from rounds import measure, opened
from table import Group

SHALLOW, DEEP = 16, 4096  # tokens before the first that is decoded
FEW_SEQUENCES = (1, 8)  # of the other contestants
STEPS_QUICK, STEPS_FULL = 16, 32
BYTES_IN_MB = 1e6


def makers(shape, settings, names=(SANCTUM, ALONE, LLAMA)):
    kinds = {SANCTUM: lambda: Batched(models.model(shape), settings),
             ALONE: lambda: OneAtATime(models.model(shape), settings),
             LLAMA: lambda: LlamaCpp(models.gguf(shape, settings.llama_python), settings),
             READ: lambda: PlainRead(models.touched_bytes(shape))}
    return {name: kinds[name] for name in names}


def prompt(settings):
    yield prompt_group(settings, models.LLAMA_1B, [512] if settings.quick else [128, 512, DEEP])
    if not settings.quick:
        yield prompt_group(settings, models.QWEN_4B, [128, 512])


def of_both(name, shape):
    """The rows of an architecture: prompt and decode of one shape, under the name they are asked for."""
    def run(settings):
        yield prompt_group(settings, shape, [512], name)
        yield decode_group(settings, shape, [(1, SHALLOW), (8, SHALLOW)], (SANCTUM, LLAMA), name)
    return run


moe = of_both("moe", models.QWEN_MOE)
hybrid = of_both("hybrid", models.QWEN_HYBRID)


def prompt_group(settings, shape, lengths, name="prompt"):
    group = Group(name, f"prompt, {shape} 4-bit", [SANCTUM, LLAMA], [("sanctum/llama.cpp", SANCTUM, LLAMA)])
    with contextlib.ExitStack() as stack:
        there, reasons = opened(stack, makers(shape, settings, group.columns))
        for tokens in lengths:
            row = measure(f"prompt {tokens} tokens", "tokens/s",
                          {name: lambda one=one: one.prompt(tokens) for name, one in there.items()},
                          settings.repeats, reasons)
            row.x = tokens
            group.rows.append(row)
    return group


def decode(settings):
    if settings.quick:
        yield decode_group(settings, models.LLAMA_1B, [(1, SHALLOW), (8, SHALLOW)])
        return
    yield decode_group(settings, models.LLAMA_1B,
                       [(n, SHALLOW) for n in (1, 2, 4, 8, 16, 32)] + [(1, DEEP), (8, DEEP)])
    yield decode_group(settings, models.QWEN_4B, [(1, SHALLOW), (8, SHALLOW)], (SANCTUM, LLAMA))


def decode_group(settings, shape, cases, names=(SANCTUM, ALONE, LLAMA), name="decode"):
    group = Group(name, f"decode, {shape} 4-bit", [*names, READ],
                  [("sanctum/llama.cpp", SANCTUM, LLAMA), ("batched/alone", SANCTUM, ALONE),
                   ("sanctum/read", SANCTUM, READ)])
    steps = STEPS_QUICK if settings.quick else STEPS_FULL
    with contextlib.ExitStack() as stack:
        there, reasons = opened(stack, makers(shape, settings, group.columns))
        for sequences, depth in cases:
            taking = {name: one for name, one in there.items() if takes_part(name, sequences, depth)}
            title = f"decode {sequences} sequence{'s' if sequences > 1 else ''} at depth {depth}"
            row = measure(title, "tokens/s",
                          {name: lambda one=one: one.decode(sequences, steps, depth) for name, one in taking.items()},
                          settings.repeats, reasons)
            row.x = sequences if depth == SHALLOW else None
            group.rows.append(row)
    if group.rows[0].median(SANCTUM):
        group.notes.append(touched_note(shape, group.rows[0]))
    return group


def takes_part(name, sequences, depth):
    """llama.cpp keeps no prefixes here: eight deep prompts would take it a quarter of an hour each round."""
    if name == SANCTUM:
        return True
    if name == READ:
        return sequences == 1 and depth == SHALLOW
    return sequences in FEW_SEQUENCES and depth == SHALLOW or name == LLAMA and sequences == 1


def touched_note(shape, one):
    """Decoding one sequence reads for each token what it touches: what that is in bytes a second."""
    sizes = {SANCTUM: models.touched_bytes(shape), LLAMA: models.gguf_touched_bytes(shape)}
    parts = [f"{name} {size / BYTES_IN_MB:.0f} MB ({size * one.median(name) / 1e9:.1f} GB/s at 1 sequence)"
             for name, size in sizes.items() if one.median(name)]
    if one.median(READ):
        parts.append(f"{READ} {sizes[SANCTUM] * one.median(READ) / 1e9:.1f} GB/s")
    return "a token touches: " + ", ".join(parts)
