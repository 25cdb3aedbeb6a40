"""Our reading of GGUF, the oracle of what imports it: against MLX's own reader, and on files that are damaged."""

import struct

import mlx.core as mx
import numpy as np
import pytest

from real_model import convert, gguf_file

ROWS, COLUMNS = 6, 96
TYPES = {name: (number, block) for number, (name, block, _) in gguf_file.TYPES.items()}


def written(path, kind):
    """A file with one tensor of random blocks."""
    number, block = TYPES[kind]
    draw = np.random.default_rng(5)
    blocks = draw.integers(0, 256, (ROWS, COLUMNS // convert.GROUP, block.itemsize), dtype=np.uint8).view(block)[..., 0]
    for field in set(block.names) - {"qs"}:
        blocks[field] = draw.uniform(-2, 2, blocks.shape).astype(np.float16)
    name = b"blk.0.ffn_up.weight"
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1)
    key = b"general.name"
    head += struct.pack("<Q", len(key)) + key + struct.pack("<IQ", gguf_file.STRING, 4) + b"tiny"
    head += struct.pack("<Q", len(name)) + name + struct.pack("<IQQIQ", 2, COLUMNS, ROWS, number, 0)
    path.write_bytes(head + bytes(-len(head) % gguf_file.ALIGNMENT_DEFAULT) + blocks.tobytes())
    return path


@pytest.mark.parametrize("kind", convert.BITS)
def test_blocks_become_what_mlx_makes_of_them(kind, tmp_path):
    path = written(tmp_path / "tiny.gguf", kind)
    read = mx.load(str(path))
    metadata, tensors = gguf_file.read(path)
    (name, tensor), = tensors.items()
    assert metadata == {"general.name": "tiny"}
    assert (tensor.kind, tensor.shape) == (kind, (ROWS, COLUMNS))
    values, scales, biases = convert.affine(tensor.kind, tensor.blocks)
    ours = {"weight": convert.packed(values, convert.BITS[kind]), "scales": scales, "biases": biases}
    for what, array in ours.items():
        assert np.array_equal(array, np.array(read[name.removesuffix("weight") + what])), what
    assert (scales < 0).any(), "a scale may be negative"


def test_a_damaged_file_is_named(tmp_path):
    path = written(tmp_path / "tiny.gguf", "Q4_1")
    whole = path.read_bytes()
    for size in range(1, len(whole), 7):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="the file ends in"):
            gguf_file.read(path)
    for damaged, why in [(b"GGML" + whole[4:], "is no GGUF file"), (whole[:4] + struct.pack("<I", 9) + whole[8:], "version 9"),
                         (whole.replace(struct.pack("<IQ", TYPES["Q4_1"][0], 0) + bytes(4), struct.pack("<IQ", 99, 0) + bytes(4)), "type 99")]:
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=why):
            gguf_file.read(path)
