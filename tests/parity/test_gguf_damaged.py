"""GGUF files with wrong counts, lengths and places: `sanctum models import` names file, place and reason, needs no memory for what a file merely
claims, and leaves nothing behind."""

import resource
import struct
import subprocess
import sys

import pytest

from programs import ROOT, program

sys.path.append(str(ROOT / "fuzz"))
from gguf_seeds import ARRAY, EMBEDDING, I32, NORM, ROTATED, STRING, U8, U32, array, file, model, pair, string  # noqa: E402

HUGE = 1 << 60
ADDRESS_SPACE_BYTES = 1 << 30
COUNTS_AT = {"tensors": 8, "pairs": 16}  # in the header


def llama(*more, tensors=(EMBEDDING, NORM, ROTATED), **changes):
    pairs = [changes.pop(key) if (key := one[8:8 + struct.unpack("<Q", one[:8])[0]].decode()) in changes else one for one in model("llama")]
    return file([*pairs, *more], tensors)


def patched(raw, at, form, value):
    return raw[:at] + struct.pack(form, value) + raw[at + struct.calcsize(form):]


def tensor(name="w", dimensions=(32,), kind=0, offset=0):
    return string(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, kind, offset)


def with_tensors(*described, data=bytes(256)):
    """Of what was described by hand."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(described), len(model("llama"))) + b"".join(model("llama")) + b"".join(described)
    return head + bytes(-len(head) % 32) + data


CASES = {  # name: (bytes, words of the error)
    "nothing": (b"", ["does not begin"]),
    "no GGUF": (b"PK\3\4" + bytes(100), ["does not begin"]),
    "a version of tomorrow": (patched(llama(), 4, "<I", 9), ["version 9"]),
    "2^60 tensors": (patched(llama(), COUNTS_AT["tensors"], "<Q", HUGE), [str(HUGE), "tensors"]),
    "2^60 pairs": (patched(llama(), COUNTS_AT["pairs"], "<Q", HUGE), [str(HUGE)]),
    "one tensor too many": (patched(llama(), COUNTS_AT["tensors"], "<Q", 4), ["damaged"]),
    "one pair too many": (patched(llama(), COUNTS_AT["pairs"], "<Q", len(model("llama")) + 1), ["damaged"]),
    "a key of 2^60 bytes": (llama(struct.pack("<Q", HUGE)), [str(HUGE), "key"]),
    "a string of 2^60 bytes": (llama(string("general.name") + struct.pack("<IQ", STRING, HUGE)), ["general.name", str(HUGE)]),
    "a string of 2^64 - 1 bytes": (llama(string("general.name") + struct.pack("<IQ", STRING, (1 << 64) - 1)), ["general.name"]),
    "an array of 2^60 numbers": (llama(string("numbers") + struct.pack("<IIQ", ARRAY, I32, HUGE)), ["numbers", str(HUGE)]),
    "an array of 2^60 strings": (llama(string("words") + struct.pack("<IIQ", ARRAY, STRING, HUGE)), ["words", str(HUGE)]),
    "arrays in arrays": (llama(string("deep") + struct.pack("<I", ARRAY) + struct.pack("<IQ", ARRAY, 1) * 1000), ["deep"]),
    "a value of an unknown type": (llama(string("odd") + struct.pack("<I", 77)), ["odd", "77"]),
    "a tensor's name of 2^60 bytes": (with_tensors(struct.pack("<Q", HUGE)), [str(HUGE), "name of a tensor"]),
    "2^32 - 1 dimensions": (with_tensors(string("w") + struct.pack("<I", 0xFFFFFFFF)), ["tensor w", "dimensions"]),
    "a dimension of 2^60": (with_tensors(tensor(dimensions=(HUGE,))), ["tensor w", str(HUGE)]),
    "dimensions whose product overflows": (with_tensors(tensor(dimensions=(1 << 31,) * 4)), ["tensor w", "larger than the file"]),
    "an unknown type of tensor": (with_tensors(tensor(kind=4711)), ["tensor w", "4711"]),
    "offsets beyond the end": (with_tensors(tensor(offset=HUGE)), ["tensor w", "outside"]),
    "offsets that overflow": (with_tensors(tensor(offset=(1 << 64) - 32)), ["tensor w", "outside"]),
    "overlapping tensors": (with_tensors(tensor("v"), tensor("w", (16,), offset=32)), ["v", "w", "overlap"]),
    "cut in the data": (llama()[:-40], ["outside"]),
    "cut in the header": (llama()[:300], ["ends in"]),
    "no tokens": (file([p for p in model("llama") if b"ggml.tokens" not in p], [EMBEDDING]), ["tokenizer.ggml.tokens"]),
    "more roles than tokens": (llama(**{"tokenizer.ggml.token_type": array("tokenizer.ggml.token_type", I32, [1] * 9)}), ["tokenizer.ggml.token_type", "9"]),
    "more tokens than rows": (llama(tensors=[("token_embd.weight", (32, 6), "Q8_0"), NORM]), ["token_embd.weight", "6 tokens", "has 7"]),
    "2^32 - 1 layers": (llama(**{"llama.block_count": pair("llama.block_count", U32, 0xFFFFFFFF)}), ["llama.block_count", "4294967295"]),
    "no heads": (llama(**{"llama.attention.head_count": pair("llama.attention.head_count", U32, 0)}), ["llama.attention.head_count"]),
    "an alignment of 3": (llama(pair("general.alignment", U32, 3)), ["general.alignment"]),
    "a string where a number is wanted": (llama(**{"llama.block_count": pair("llama.block_count", STRING, "two")}), ["llama.block_count"]),
    "a number where tokens are wanted": (llama(**{"tokenizer.ggml.tokens": array("tokenizer.ggml.tokens", U8, [1] * 8)}), ["tokenizer.ggml.tokens"]),
    "an architecture that nobody knows": (file([pair("general.architecture", STRING, "abacus")], [EMBEDDING]), ["abacus"]),
    "a tensor that the architecture lacks": (llama(tensors=[EMBEDDING, NORM, ("blk.0.abacus.weight", (32, 32), "Q4_0")]), ["blk.0.abacus.weight"]),
}


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))


@pytest.mark.parametrize("kind", CASES)
def test_a_damaged_file_is_refused_by_name(kind, tmp_path):
    raw, words = CASES[kind]
    path, out = tmp_path / "damaged.gguf", tmp_path / "made"
    path.write_bytes(raw)
    run = subprocess.run([program("sanctum"), "models", "import", path, out], capture_output=True, text=True, timeout=120, preexec_fn=little_memory)
    assert run.returncode == 2 and run.stdout == "", run
    assert run.stderr.startswith("sanctum models import: ") and run.stderr.count("\n") == 1, run.stderr
    for word in [path.name, *words]:
        assert word in run.stderr
    assert list(tmp_path.iterdir()) == [path]


def test_what_the_cases_are_made_of_is_read(tmp_path):
    """Else they would be refused for something else: only this model's tensors are too few."""
    path = tmp_path / "whole.gguf"
    path.write_bytes(llama())
    run = subprocess.run([program("sanctum"), "models", "import", path, tmp_path / "made"], capture_output=True, text=True, timeout=120)
    assert "damaged" not in run.stderr, run.stderr
