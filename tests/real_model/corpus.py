"""The 200 lines: books that every model knows, prose of our own, code, and ten lines in each of eight scripts.

What is not ours is in the public domain.
"""

from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDENS = HERE / "goldens"
KINDS = {"literature": 15, "prose": 45, "code": 60, "scripts": 80}  # lines
SCRIPT_LINES = 10  # of Greek, Cyrillic, Arabic, Hebrew, Devanagari, Han, Kana and Hangul


def lines():
    return (HERE / "corpus.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")


def texts():
    """By kind, the lines of it as one text; of the scripts a line of each in turn."""
    left, out = lines(), {}
    for kind, count in KINDS.items():
        out[kind], left = left[:count], left[count:]
    assert not left
    out["scripts"] = [line for at in range(SCRIPT_LINES) for line in out["scripts"][at::SCRIPT_LINES]]
    return {kind: "\n".join(of_kind) + "\n" for kind, of_kind in out.items()}
