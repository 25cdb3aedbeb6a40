"""Logits of a whole text as they are computed, a chunk at a time: those of a real vocabulary don't fit memory twice."""

import json
import subprocess

import numpy as np
import pytest

from programs import ROOT, program

from . import corpus

VOCABULARY = 49152
CHUNK = 64  # tokens; few enough for a processor's cache
SECONDS_MAX = 1500  # for a text
BENCH_PYTHON = ROOT / ".cache" / "bench" / "venv" / "bin" / "python"


def read(command, request, sizes):
    """float32 [size, vocabulary] of each of `sizes`, from a program that writes them one after the other."""
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            process.stdin.write(json.dumps(request).encode())
            process.stdin.close()
            for size in sizes:
                piece = process.stdout.read(size * VOCABULARY * 4)
                if len(piece) != size * VOCABULARY * 4:
                    break
                yield np.frombuffer(piece, dtype=np.float32).reshape(size, VOCABULARY)
            assert process.wait(SECONDS_MAX) == 0, f"{command} failed"
        finally:
            process.kill()


def chunks(tokens):
    whole, rest = divmod(len(tokens), CHUNK)
    return [CHUNK] * whole + [rest] * (rest > 0)


def ours(directory, arithmetic, tokens):
    sizes = chunks(tokens)
    return read([program("sanctum-logits"), directory, arithmetic], {"tokens": tokens, "chunks": sizes}, sizes)


def llama_cpps(gguf, tokens):
    if not BENCH_PYTHON.exists():
        pytest.fail(f"llama.cpp is not in {BENCH_PYTHON.parents[1]}: ./dev prove builds it there, once; .cache/dev/bench-llama.log says what went wrong")
    return read([BENCH_PYTHON, corpus.HERE / "with_llama_cpp.py", "logits", gguf], tokens, chunks(tokens))


def log_softmax(rows):
    rows = rows - rows.max(-1, keepdims=True)
    return rows - np.log(np.exp(rows).sum(-1, keepdims=True))


class Divergence:
    """Of one way to compute from the exact one, at every position."""

    def __init__(self):
        self.nat, self.same = [], []

    def add(self, exact, other):
        """Logits of the same positions."""
        exact, other = log_softmax(exact), log_softmax(other)
        self.nat.extend((np.exp(exact) * (exact - other)).sum(-1, dtype=np.float64))
        self.same.extend(exact.argmax(-1) == other.argmax(-1))

    @property
    def mean(self):
        return float(np.mean(self.nat))

    def told(self):
        return f"{len(self.nat)} positions, KL {self.mean:.6f} nat (largest {max(self.nat):.4f}), the same likeliest token {100 * np.mean(self.same):.2f} %"
