"""Reads a GGUF file: metadata, and tensors as the blocks they are stored in.

Little-endian, versions 2 and 3. Nothing is dequantized here: what a block means is the converter's business.
A file that is cut short or isn't one raises ValueError naming what was being read.
"""

import mmap
import struct
from dataclasses import dataclass

import numpy as np

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT_DEFAULT = 32  # bytes
STRING, ARRAY = 8, 9
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

# type: (name, a block as it is stored, weights in it)
TYPES = {
    0: ("F32", np.dtype("<f4"), 1),
    1: ("F16", np.dtype("<f2"), 1),
    2: ("Q4_0", np.dtype([("d", "<f2"), ("qs", "u1", 16)]), 32),
    3: ("Q4_1", np.dtype([("d", "<f2"), ("m", "<f2"), ("qs", "u1", 16)]), 32),
    8: ("Q8_0", np.dtype([("d", "<f2"), ("qs", "i1", 32)]), 32),
}


@dataclass
class Tensor:
    kind: str  # "F32", "Q4_1", ...
    shape: tuple  # of weights, rows first
    blocks: np.ndarray  # [..., columns / weights in a block]; read-only, it lies in the file


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size, what):
        end = self.at + size
        if end > len(self.data):
            raise ValueError(f"the file ends in {what}")
        piece = self.data[self.at:end]
        self.at = end
        return piece

    def number(self, form, what):
        return struct.unpack("<" + form, self.take(struct.calcsize(form), what))[0]

    def string(self, what):
        return self.take(self.number("Q", what), what).decode("utf-8")

    def value(self, kind, what):
        if kind == STRING:
            return self.string(what)
        if kind == ARRAY:
            kind, length = self.number("I", what), self.number("Q", what)
            if kind in NUMBERS:
                piece = self.take(length * struct.calcsize(NUMBERS[kind]), what)
                return list(struct.unpack(f"<{length}{NUMBERS[kind]}", piece))
            return [self.value(kind, what) for _ in range(length)]
        if kind not in NUMBERS:
            raise ValueError(f"{what} has the unknown type {kind}")
        return self.number(NUMBERS[kind], what)


def read(path):
    """(metadata by key, Tensor by name)."""
    with open(path, "rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    cursor = Cursor(data)
    if cursor.take(4, "its first bytes") != MAGIC:
        raise ValueError(f"{path} is no GGUF file")
    version = cursor.number("I", "the version")
    if version not in VERSIONS:
        raise ValueError(f"{path} is GGUF of version {version}; versions {VERSIONS} are known")
    tensors, entries = cursor.number("Q", "the count of tensors"), cursor.number("Q", "the count of metadata")
    metadata = {}
    for _ in range(entries):
        key = cursor.string("the metadata")
        metadata[key] = cursor.value(cursor.number("I", key), key)
    heads = []
    for _ in range(tensors):
        name = cursor.string("the list of tensors")
        sizes = [cursor.number("Q", name) for _ in range(cursor.number("I", name))]
        heads.append((name, tuple(reversed(sizes)), cursor.number("I", name), cursor.number("Q", name)))
    alignment = metadata.get("general.alignment", ALIGNMENT_DEFAULT)
    start = -(-cursor.at // alignment) * alignment
    found = {}
    for name, shape, kind, offset in heads:
        if kind not in TYPES:
            raise ValueError(f"tensor {name} has the type {kind}, which is not known here")
        label, block, weights = TYPES[kind]
        if shape[-1] % weights:
            raise ValueError(f"tensor {name} has {shape[-1]} columns, no multiple of {weights}")
        stored = (*shape[:-1], shape[-1] // weights)
        cursor.at = start + offset
        piece = cursor.take(int(np.prod(stored)) * block.itemsize, f"tensor {name}")
        found[name] = Tensor(label, shape, np.frombuffer(piece, dtype=block).reshape(stored))
    return metadata, found
