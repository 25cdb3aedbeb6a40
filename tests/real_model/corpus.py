"""The 200 lines: books that every model knows, prose of our own, code, and ten lines in each of eight scripts.

What is not ours is in the public domain.
"""

from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDENS = HERE / "goldens"
KINDS = {"literature": 15, "prose": 45, "code": 60, "greek": 10, "cyrillic": 10, "arabic": 10, "hebrew": 10, "devanagari": 10, "han": 10, "kana": 10, "hangul": 10}


def lines():
    return (HERE / "corpus.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")


def texts():
    """By kind, the lines of it as one text."""
    left = lines()
    out = {}
    for kind, count in KINDS.items():
        out[kind], left = "\n".join(left[:count]) + "\n", left[count:]
    assert not left
    return out
