"""The 200 lines: prose, code, and ten lines in each of eight scripts. They are ours or in the public domain."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDENS = HERE / "goldens"
KINDS = {"prose": 60, "code": 60, "greek": 10, "cyrillic": 10, "arabic": 10, "hebrew": 10, "devanagari": 10, "han": 10, "kana": 10, "hangul": 10}


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
