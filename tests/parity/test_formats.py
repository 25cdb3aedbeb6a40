"""Logits of weights in every format that is read, dense and with experts, against mlx-lm.

The exact numbers are mlx-lm's in float32 on what the weights mean. Divergences are means over the tokens of a prompt. With float activations
(MLX's operations in bfloat16, and our kernels with 16-bit rows) ours is at most 1.2 times that of mlx-lm in bfloat16; as served, with 8-bit rows
beside 4-bit weights, at most 4 times. All experts are chosen there: a rounding that makes a router choose another one would drown what the
weights' format makes. On our kernels chunks and other sequences in the same steps change no bit; there three of eight are chosen.
"""

import json
import math
import random
import struct

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten
from mlx_lm.models import switch_layers
from test_models import FLOAT32_ERROR_MAX, QWEN3, QWEN3_MOE, build, cast, experts_apart, our_logits, reference_text

FLOAT_FACTOR = 1.2
SERVED_FACTOR = 4.0
TOKENS = 96
BLOCK = 128  # rows and columns of a scale of FP8
MODELOPT_FACTOR = 2.0**-7

SIZES = dict(hidden_size=128, intermediate_size=256, num_hidden_layers=2)
MODELS = {"dense": QWEN3 | SIZES, "experts": QWEN3_MOE | SIZES | dict(moe_intermediate_size=128, num_experts_per_tok=8)}
MLX_FORMATS = {
    "affine2": dict(bits=2, group_size=32), "affine3": dict(bits=3, group_size=64), "affine4": dict(bits=4, group_size=64),
    "affine5": dict(bits=5, group_size=128), "affine6": dict(bits=6, group_size=32), "affine8": dict(bits=8, group_size=64),
    "mxfp4": dict(bits=4, group_size=32, mode="mxfp4"), "nvfp4": dict(bits=4, group_size=16, mode="nvfp4"),
    "mxfp8": dict(bits=8, group_size=32, mode="mxfp8"),
}
FORMATS = [*MLX_FORMATS, "fp8", "modelopt"]


def tokens():
    return np.random.default_rng(5).integers(0, 180, TOKENS).tolist()


def save_raw(directory, config, tensors):
    """A file with types that MLX does not write. tensors: name -> (type, array)."""
    header, data = {}, b""
    for name, (kind, array) in tensors.items():
        array = mx.contiguous(array)
        raw = np.array(array.view(mx.uint16) if array.dtype == mx.bfloat16 else array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    (directory / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    (directory / "config.json").write_text(json.dumps(config))


def apart(model):
    """The model's tensors as Hugging Face has them."""
    names = {name: name for name in ("gate_proj", "up_proj", "down_proj")}
    return experts_apart(dict(tree_flatten(model.parameters())), "switch_mlp.", "experts", names)


def layers(weights):
    """What the toolkits quantize: matrices of the blocks, but for the router."""
    return [name for name, value in weights.items() if value.ndim == 2 and "_proj.weight" in name]


def with_weights(model, means):
    """The model with other matrices: those of experts by themselves go back into their stacks."""
    stacks = {}
    for name, value in means.items():
        if ".experts." not in name:
            continue
        before, rest = name.split(".experts.")
        stacks.setdefault(f"{before}.switch_mlp.{rest.split('.', 1)[1]}", []).append(value)
    plain = {name: value for name, value in means.items() if ".experts." not in name}
    model.load_weights(list((plain | {name: mx.stack(values) for name, values in stacks.items()}).items()), strict=False)
    return model


def save_fp8(directory, config, model):
    stored, means = {}, {}
    weights = apart(cast(model, mx.bfloat16))
    chosen = set(layers(weights))
    for name, value in weights.items():
        if name not in chosen:
            stored[name] = ("BF16", value)
            continue
        rows, columns = value.shape
        down, across = math.ceil(rows / BLOCK), math.ceil(columns / BLOCK)
        wide = mx.pad(value.astype(mx.float32), ((0, down * BLOCK - rows), (0, across * BLOCK - columns))).reshape(down, BLOCK, across, BLOCK)
        scales = mx.abs(wide).max(axis=(1, 3)) / 448
        codes = mx.to_fp8(wide / scales[:, None, :, None])
        # As mlx_lm.models.deepseek_v3 does it.
        mean = (mx.from_fp8(codes, dtype=mx.bfloat16) * scales[:, None, :, None]).reshape(down * BLOCK, across * BLOCK)
        means[name] = mean[:rows, :columns].astype(mx.bfloat16)
        stored[name] = ("F8_E4M3", codes.reshape(down * BLOCK, across * BLOCK)[:rows, :columns])
        stored[name + "_scale_inv"] = ("F32", scales)
    save_raw(directory, config | dict(quantization_config=dict(quant_method="fp8", activation_scheme="dynamic", fmt="e4m3", weight_block_size=[BLOCK, BLOCK],
                                                               modules_to_not_convert=["lm_head"])), stored)
    return with_weights(model, means)


def times_factor(kind):
    """Layers of mlx-lm with what ModelOpt's have more. The factor is a power of two: multiplying with it rounds nothing."""
    return type(kind.__name__, (kind,), {"__call__": lambda self, *inputs, **rest: kind.__call__(self, *inputs, **rest) * MODELOPT_FACTOR})


def save_modelopt(directory, config, model):
    def chosen(path, module):
        if path.endswith("_proj"):
            module.weight = module.weight / MODELOPT_FACTOR
        return path.endswith("_proj")

    nn.quantize(model, group_size=16, bits=4, mode="nvfp4", class_predicate=chosen)
    for _, module in model.named_modules():
        if isinstance(module, (nn.QuantizedLinear, switch_layers.QuantizedSwitchLinear)):
            module.__class__ = times_factor(type(module))
    weights = apart(cast(model, mx.bfloat16))
    stored = {}
    for name, value in weights.items():
        path, _, part = name.rpartition(".")
        if path + ".scales" not in weights:
            stored[name] = ("BF16", value)
        elif part == "scales":
            stored[path + ".weight_scale"] = ("F8_E4M3", value)
            stored[path + ".weight_scale_2"] = ("F32", mx.array(MODELOPT_FACTOR))
            stored[path + ".input_scale"] = ("F32", mx.array(0.5))
        else:
            stored[name] = ("U8", value.view(mx.uint8))
    save_raw(directory, config | dict(quantization_config=dict(quant_method="modelopt", quant_algo="NVFP4", ignore=["lm_head"])), stored)
    return model


def save_format(directory, kind, config):
    """Writes a model of that format; returns mlx-lm's, in bfloat16, of the same weights."""
    model = build(config)
    if kind == "fp8":
        return save_fp8(directory, config, model)
    if kind == "modelopt":
        return save_modelopt(directory, config, model)
    quantization = MLX_FORMATS[kind]
    # A router stays as it is wherever a quantization is coarse, and says so.
    routers = {path: False for path, module in model.named_modules() if path.endswith("mlp.gate")}
    nn.quantize(model, **quantization, class_predicate=lambda path, module: hasattr(module, "to_quantized") and path not in routers)
    cast(model, mx.bfloat16)
    (directory / "config.json").write_text(json.dumps(config | dict(quantization=quantization | routers)))
    mx.save_safetensors(str(directory / "model.safetensors"), dict(tree_flatten(model.parameters())))
    return model


@pytest.fixture(autouse=True)
def experts_in_bfloat16(monkeypatch):
    """On a CPU MLX multiplies plain experts in float32 alone."""
    multiply = mx.gather_mm

    def wide(a, b, **rest):
        return multiply(a.astype(mx.float32), b.astype(mx.float32), **rest).astype(a.dtype)

    monkeypatch.setattr(switch_layers.mx, "gather_mm", wide)


def log_softmax(x):
    x = x.astype(np.float64)
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def divergence(exact, other):
    exact, other = log_softmax(exact), log_softmax(other)
    return (np.exp(exact) * (exact - other)).sum(-1).mean()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kind", FORMATS)
def test_format(kind, name, tmp_path):
    model = save_format(tmp_path, kind, MODELS[name])
    request = {"tokens": tokens()}
    low = reference_text(model, tokens())
    exact = reference_text(cast(model, mx.float32), tokens())
    assert np.abs(exact).max() > 0.5
    assert np.abs(our_logits(tmp_path, "float32", request) - exact).max() < FLOAT32_ERROR_MAX

    theirs = divergence(exact, low)
    floats = divergence(exact, our_logits(tmp_path, "bfloat16", request))
    rows16 = divergence(exact, our_logits(tmp_path, "kernels16", request))
    served = divergence(exact, our_logits(tmp_path, "kernels", request))
    print(f"{kind:8} {name:8} KL from float32, nat: mlx-lm {theirs:.2e}, ours in bfloat16 {floats:.2e}, 16-bit rows {rows16:.2e}, as served {served:.2e}")
    assert floats <= FLOAT_FACTOR * theirs
    assert rows16 <= FLOAT_FACTOR * theirs
    assert served <= SERVED_FACTOR * theirs

    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | dict(num_experts_per_tok=3)))
    chance = random.Random(f"{kind} {name}")
    chunks, left = [], TOKENS
    while left:
        chunks.append(min(left, chance.choice([1, 2, 7, 19, 40])))
        left -= chunks[-1]
    others = [[chance.randrange(180) for _ in range(chance.randint(3, 60))] for _ in range(5)]
    whole = our_logits(tmp_path, "kernels", request)
    assert np.array_equal(our_logits(tmp_path, "kernels", request | {"chunks": chunks, "beside": others}), whole)
