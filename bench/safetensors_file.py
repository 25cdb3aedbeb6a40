"""A safetensors file, written tensor by tensor: one of them at a time is in memory."""

import json
import math

from mlx_tensors import SIZES

ALIGNMENT = 8  # bytes


def write(path, tensors):
    """`tensors`: (name, type, shape, what makes it as an array of numpy with just as many bytes)."""
    tensors, header, end = list(tensors), {"__metadata__": {"format": "mlx"}}, 0
    for name, kind, shape, _ in tensors:
        begin, end = end, end + math.prod(shape) * SIZES[kind]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, _, _, make in tensors:
            begin, end = header[name]["data_offsets"]
            data = make()
            assert data.nbytes == end - begin, name
            data.tofile(file)
