"""Prompt and decode tokens a second, of this engine, of it one sequence at a time, and of llama.cpp."""

import contextlib

import models
from contestants import ALONE, LLAMA, SANCTUM, Batched, LlamaCpp, OneAtATime
from rounds import measure, opened
from table import Group

SHALLOW, DEEP = 16, 4096  # tokens before the first that is decoded
FEW_SEQUENCES = (1, 8)  # of the other contestants
STEPS_QUICK, STEPS_FULL = 16, 32
BYTES_IN_MB = 1e6


def makers(shape, settings, names=(SANCTUM, ALONE, LLAMA)):
    kinds = {SANCTUM: lambda: Batched(models.model(shape), settings),
             ALONE: lambda: OneAtATime(models.model(shape), settings),
             LLAMA: lambda: LlamaCpp(models.gguf(shape, settings.llama_python), settings)}
    return {name: kinds[name] for name in names}


def prompt(settings):
    yield prompt_group(settings, models.LLAMA_1B, [512] if settings.quick else [128, 512, DEEP])
    if not settings.quick:
        yield prompt_group(settings, models.QWEN_4B, [128, 512])


def prompt_group(settings, shape, lengths):
    group = Group("prompt", f"prompt, {shape} 4-bit", [SANCTUM, LLAMA], [("sanctum/llama.cpp", SANCTUM, LLAMA)])
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


def decode_group(settings, shape, cases, names=(SANCTUM, ALONE, LLAMA)):
    group = Group("decode", f"decode, {shape} 4-bit", list(names),
                  [("sanctum/llama.cpp", SANCTUM, LLAMA), ("batched/alone", SANCTUM, ALONE)])
    steps = STEPS_QUICK if settings.quick else STEPS_FULL
    with contextlib.ExitStack() as stack:
        there, reasons = opened(stack, makers(shape, settings, names))
        for sequences, depth in cases:
            taking = {name: one for name, one in there.items() if takes_part(name, sequences, depth)}
            title = f"decode {sequences} sequence{'s' if sequences > 1 else ''} at depth {depth}"
            row = measure(title, "tokens/s",
                          {name: lambda one=one: one.decode(sequences, steps, depth) for name, one in taking.items()},
                          settings.repeats, reasons)
            row.x = sequences if depth == SHALLOW else None
            group.rows.append(row)
    if group.rows[0].median(SANCTUM):
        group.notes.append(weights_note(shape, group, settings))
    return group


def takes_part(name, sequences, depth):
    """llama.cpp keeps no prefixes here: eight deep prompts would take it a quarter of an hour each round."""
    if name == SANCTUM:
        return True
    return sequences in FEW_SEQUENCES and depth == SHALLOW or name == LLAMA and sequences == 1


def weights_note(shape, group, settings):
    """Decoding one sequence reads every weight for each token: what that is in bytes a second."""
    sizes = {SANCTUM: models.weight_bytes(models.model(shape))}
    if group.rows[0].median(LLAMA):
        sizes[LLAMA] = models.weight_bytes(models.gguf(shape, settings.llama_python))
    one = group.rows[0]
    parts = [f"{name} {size / BYTES_IN_MB:.0f} MB ({size * one.median(name) / 1e9:.1f} GB/s at 1 sequence)"
             for name, size in sizes.items()]
    return "weights read for each token: " + ", ".join(parts)
