"""A safetensors file's header and data, so that tests can write what no library would."""

import json
import math
import struct

BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U32": 4, "U8": 1, "BOOL": 1}


def read(path):
    """(header, data) of a safetensors file."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    return json.loads(raw[8:8 + size]), raw[8 + size:]


def write(path, header, data):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_packed(path, header, data):
    """Without the bytes that are no tensor's: the format has none."""
    moved, pieces, at = dict(header), [], 0
    for name in sorted((name for name in header if name != "__metadata__"), key=lambda name: header[name]["data_offsets"]):
        begin, end = header[name]["data_offsets"]
        moved[name] = {**header[name], "data_offsets": [at, at + end - begin]}
        pieces.append(data[begin:end])
        at += end - begin
    write(path, moved, b"".join(pieces))


def write_with(path, header, data, name, dtype, shape):
    """With tensor `name` of another type or shape; where its bytes no longer fit, they are new ones behind all others."""
    size = math.prod(shape) * BYTES[dtype]
    begin, end = header[name]["data_offsets"]
    if size != end - begin:
        begin, end = len(data), len(data) + size
        data += bytes(size)
    write_packed(path, {**header, name: {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}}, data)
