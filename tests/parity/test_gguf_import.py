"""What is imported from GGUF: weights against the Python package gguf and our converter in Python, tokenizers against llama.cpp's own ids."""

import json
import struct
import subprocess

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter, quants
from gguf.constants import GGML_QUANT_SIZES
from safetensors.numpy import load_file

from programs import count, program
from real_model import prepare

BLOCKS = count(512, 65536)
GROUP = 32
BITS = {"Q4_0": 4, "Q4_1": 4, "Q4_K": 4, "Q5_0": 8, "Q5_1": 8, "Q5_K": 8, "Q8_0": 8, "IQ4_NL": 8, "IQ4_XS": 8, "MXFP4": 8,
        "Q2_K": 8, "Q3_K": 8, "Q6_K": 8}
EXACT = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "IQ4_NL", "MXFP4"}
FLOAT16_AT = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2],
              "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0]}


def probe(*words, stdin=b""):
    run = subprocess.run([program("sanctum-gguf-probe"), *map(str, words)], input=stdin, capture_output=True, timeout=120)
    if run.returncode:
        raise ValueError(run.stderr.decode())
    return run.stdout


def random_blocks(kind):
    """[BLOCKS, bytes of one]: every bit drawn, but for scales, which are numbers, some of them negative, subnormal or zero."""
    size = GGML_QUANT_SIZES[GGMLQuantizationType[kind]][1]
    draw = np.random.default_rng(size)
    blocks = draw.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
    for at in FLOAT16_AT.get(kind, []):
        scales = (draw.uniform(-1, 1, BLOCKS) * 10.0 ** draw.integers(-8, 1, BLOCKS)).astype("<f2")
        scales[:2] = 0, -0.0
        blocks[:, at:at + 2] = scales.view(np.uint8).reshape(-1, 2)
    if kind == "MXFP4":
        blocks[:, 0] = draw.integers(106, 130, BLOCKS)  # of the exponents, those that a float16 has
    return blocks


@pytest.mark.parametrize("kind", BITS)
def test_blocks_mean_what_gguf_says(kind):
    blocks = random_blocks(kind)
    expected = quants.dequantize(blocks, GGMLQuantizationType[kind])
    ours = np.frombuffer(probe("dequantize", kind, stdin=blocks.tobytes()), np.float32).reshape(expected.shape)
    assert np.array_equal(ours.view(np.uint32), expected.view(np.uint32)), "bit for bit, the signs of zeros too"


def test_every_exponent_of_mxfp4_is_read():
    blocks = np.random.default_rng(1).integers(0, 256, (256, 17), dtype=np.uint8)
    blocks[:, 0] = np.arange(256)
    with np.errstate(over="ignore"):
        expected = quants.dequantize(blocks, GGMLQuantizationType.MXFP4)
    ours = np.frombuffer(probe("dequantize", "MXFP4", stdin=blocks.tobytes()), np.float32).reshape(expected.shape)
    assert np.array_equal(ours.view(np.uint32), expected.view(np.uint32))


@pytest.mark.parametrize("kind", BITS)
def test_affine_weights_are_as_exact_as_they_can_be(kind):
    blocks = random_blocks(kind)
    weights = quants.dequantize(blocks, GGMLQuantizationType[kind]).reshape(-1, GROUP)
    raw = probe("affine", kind, stdin=blocks.tobytes())
    words = np.frombuffer(raw, np.uint8, weights.size * BITS[kind] // 8)
    scales, biases = np.frombuffer(raw, "<f2", offset=words.nbytes).astype(np.float32).reshape(2, -1, 1)
    q = (words if BITS[kind] == 8 else np.stack([words & 15, words >> 4], axis=-1)).reshape(-1, GROUP)
    if kind in EXACT:
        assert np.array_equal(scales * q.astype(np.float32) + biases, weights), "both round once, in float32"
        return
    scales, biases, weights = (array.astype(np.float64) for array in (scales, biases, weights))
    error = np.abs(scales * q + biases - weights)
    relative, smallest = 2.0 ** -11, 2.0 ** -25
    if kind in {"Q4_K", "Q5_K", "IQ4_XS"}:
        bound = 1.001 * (np.maximum(np.abs(scales) * relative, smallest) * q + np.maximum(np.abs(biases) * relative, smallest))
    else:
        step = (weights.max(axis=1, keepdims=True) - weights.min(axis=1, keepdims=True)) / 255
        # Below float16's normal numbers a scale is rounded by more than a part of itself: its last steps are cut off.
        cut = np.where(step < 2.0 ** -14, 255 * smallest, 0)
        bound = step / 2 * 1.01 + np.maximum(np.abs(biases) * 2 * relative / 510, 2 * smallest) + cut
    assert (error <= bound).all()


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    out = tmp_path_factory.mktemp("imported") / "model"
    probe("import", prepare.fetched(), out)
    return out


def test_a_real_model_is_what_our_converter_in_python_makes_of_it(imported):
    expected = prepare.prepared().model
    ours, theirs = load_file(imported / "model.safetensors"), load_file(expected / "model.safetensors")
    assert set(ours) == set(theirs)
    for name, array in theirs.items():
        assert ours[name].dtype == array.dtype and ours[name].tobytes() == array.tobytes(), name
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
        assert json.loads((imported / name).read_text()) == json.loads((expected / name).read_text()), name
    assert (imported / "chat_template.jinja").read_bytes() == (expected / "chat_template.jinja").read_bytes()
    assert {path.name for path in imported.iterdir()} == {path.name for path in expected.iterdir()}
