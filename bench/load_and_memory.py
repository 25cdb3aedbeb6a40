"""From nothing to the first token against a plain read of the file; and the most memory the engine ever held."""

import contextlib
import pathlib
import time

import models
import prompts
from child import Failed
from engine import Engine
from rounds import measure
from table import Group, Row

READ_BUFFER_BYTES = 64 << 20
MEMORY_CLIENTS, MEMORY_PROMPT, MEMORY_TOKENS = 8, 512, 32
MIB = 1 << 20
READ, TOUCH, FIRST, ALLOWED = "plain read", "first touch", "to first token", "allowed"
ALLOWED_TIMES, ALLOWED_MORE_S = 1.3, 0.5


def plain_read(path):
    begin = time.perf_counter()
    buffer = memoryview(bytearray(READ_BUFFER_BYTES))
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    return time.perf_counter() - begin


def first_touch(bytes_wanted):
    """A machine in a virtual one may have to ask for memory, and then this alone takes longer than the read."""
    begin = time.perf_counter()
    touched = b"1" * bytes_wanted
    passed = time.perf_counter() - begin
    del touched
    return passed


def load_to_first_token(model):
    begin = time.perf_counter()
    with contextlib.closing(Engine("engine load")) as engine:
        engine.load(model)
        request = engine.ask(prompts.cold(8), 1)
        engine.finish([request])
        return request.arrivals[0][0] - begin


def load(settings):
    group = Group("load", "load", [FIRST, READ, TOUCH, ALLOWED],
                  [("first/read", FIRST, READ), ("first/allowed", FIRST, ALLOWED)],
                  notes=["the file is in the page cache for both; the engine's time includes the start of its process",
                         "first touch: writing once to as much fresh memory as the weights need",
                         f"allowed: {ALLOWED_TIMES} times both, and {ALLOWED_MORE_S} s"])
    shapes = [models.LLAMA_1B, models.QWEN_4B, models.QWEN_MOE, models.QWEN_HYBRID]
    for shape in shapes[:1] if settings.quick else shapes:
        model = models.model(shape)
        weights = model / "model.safetensors"
        plain_read(weights)  # so that the page cache holds it
        row = measure(f"{shape} 4-bit, {weights.stat().st_size / 1e6:.0f} MB", "s",
                      {FIRST: lambda: load_to_first_token(model), READ: lambda: plain_read(weights),
                       TOUCH: lambda: first_touch(weights.stat().st_size)}, settings.repeats)
        row.values[ALLOWED] = [ALLOWED_TIMES * (read + touch) + ALLOWED_MORE_S
                               for read, touch in zip(row.values[READ], row.values[TOUCH])]
        group.rows.append(row)
    yield group


def peak_resident(pid):
    path = pathlib.Path(f"/proc/{pid}/status")
    if not path.exists():
        raise Failed("this system does not tell a process's peak memory in /proc")
    line = next(line for line in path.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def memory(settings):
    group = Group("memory", "peak memory of the engine's process",
                  ["after load", "peak", "weights", "keys and values"],
                  notes=[f"peak: {MEMORY_CLIENTS} sequences of {MEMORY_PROMPT} + {MEMORY_TOKENS} tokens at once; "
                         "peak/needed is it over weights + keys and values"])
    group.columns.append("needed")
    group.ratios = [("peak/needed", "peak", "needed")]
    for shape in [models.LLAMA_1B, models.QWEN_4B]:
        row = Row(f"{shape} 4-bit", "MiB")
        group.rows.append(row)
        try:
            held = held_by(models.model(shape))
            row.values = {name: [value / MIB] for name, value in held.items()}
        except Failed as failure:
            row.reasons = {"peak": str(failure)}
    yield group


def held_by(model):
    with contextlib.closing(Engine("engine memory")) as engine:
        info = engine.load(model)
        loaded = peak_resident(engine.pid)
        requests = [engine.ask(prompts.cold(MEMORY_PROMPT), MEMORY_TOKENS) for _ in range(MEMORY_CLIENTS)]
        kept = 0
        while not all(request.completed for request in requests):
            engine.read()
            if engine.frames:  # a step ended: ask what is held now
                engine.frames.clear()
                stats = engine.call("stats", {})
                kept = max(kept, stats["kv_bytes"], stats["prefix_bytes"])
        return {"after load": loaded, "peak": peak_resident(engine.pid), "weights": info["weight_bytes"],
                "keys and values": kept, "needed": info["weight_bytes"] + kept}
