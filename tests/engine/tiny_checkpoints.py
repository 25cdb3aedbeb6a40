"""The smallest checkpoint of every architecture: a layer of each kind, the built-in model's tokenizer, random weights."""

import json
import shutil

import mlx.core as mx
import numpy as np

from programs import SMOKE_MODEL
from safetensors_file import write

VOCABULARY = 1024  # the tokenizer's
WIDTH, HEAD, INNER = 64, 32, 64
TOWER, PATCH, MERGED = 32, 4, 32 * 4
GROUP, BITS = 32, 4

TEXT = {"hidden_size": WIDTH, "num_hidden_layers": 1, "intermediate_size": INNER, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": HEAD,
        "rms_norm_eps": 1e-6, "vocab_size": VOCABULARY, "rope_theta": 10000.0, "max_position_embeddings": 512, "hidden_act": "silu"}
CONFIGS = {
    "llama": {"model_type": "llama", **TEXT, "tie_word_embeddings": False, "attention_bias": True, "mlp_bias": True},
    "qwen3": {"model_type": "qwen3", **TEXT, "tie_word_embeddings": False},
    "qwen3_vl": {
        "model_type": "qwen3_vl", "tie_word_embeddings": True, "image_token_id": 1018,
        "text_config": {**TEXT, "rope_scaling": {"rope_type": "default", "mrope_section": [6, 5, 5]}},
        "vision_config": {"depth": 1, "hidden_size": TOWER, "intermediate_size": TOWER, "num_heads": 1, "in_channels": 3, "patch_size": PATCH,
                          "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": WIDTH, "num_position_embeddings": 16,
                          "deepstack_visual_indexes": [0], "hidden_act": "gelu_pytorch_tanh"}},
}
PLAIN = ("pos_embed", "patch_embed")  # what no exporter quantizes


def linear(path, inside, outside, bias=False):
    yield f"{path}.weight", (outside, inside)
    if bias:
        yield f"{path}.bias", (outside,)


def text_tensors(body, head=None, bias=False, head_norms=False):
    layer = f"{body}.layers.0"
    yield f"{body}.embed_tokens.weight", (VOCABULARY, WIDTH)
    yield f"{body}.norm.weight", (WIDTH,)
    for name, inside, outside in (("q_proj", WIDTH, 2 * HEAD), ("k_proj", WIDTH, HEAD), ("v_proj", WIDTH, HEAD), ("o_proj", 2 * HEAD, WIDTH)):
        yield from linear(f"{layer}.self_attn.{name}", inside, outside, bias)
    if head_norms:
        yield f"{layer}.self_attn.q_norm.weight", (HEAD,)
        yield f"{layer}.self_attn.k_norm.weight", (HEAD,)
    for name, inside, outside in (("gate_proj", WIDTH, INNER), ("up_proj", WIDTH, INNER), ("down_proj", INNER, WIDTH)):
        yield from linear(f"{layer}.mlp.{name}", inside, outside, bias)
    yield f"{layer}.input_layernorm.weight", (WIDTH,)
    yield f"{layer}.post_attention_layernorm.weight", (WIDTH,)
    if head:
        yield f"{head}.weight", (VOCABULARY, WIDTH)


def tower_tensors():
    tower = "vision_tower"
    yield f"{tower}.patch_embed.proj.weight", (TOWER, 2, PATCH, PATCH, 3)
    yield f"{tower}.patch_embed.proj.bias", (TOWER,)
    yield f"{tower}.pos_embed.weight", (16, TOWER)
    for norm in ("norm1", "norm2"):
        yield f"{tower}.blocks.0.{norm}.weight", (TOWER,)
        yield f"{tower}.blocks.0.{norm}.bias", (TOWER,)
    for name, outside in (("attn.qkv", 3 * TOWER), ("attn.proj", TOWER), ("mlp.linear_fc1", TOWER), ("mlp.linear_fc2", TOWER)):
        yield from linear(f"{tower}.blocks.0.{name}", TOWER, outside, True)
    for merger, width in (("merger", TOWER), ("deepstack_merger_list.0", MERGED)):
        yield f"{tower}.{merger}.norm.weight", (width,)
        yield f"{tower}.{merger}.norm.bias", (width,)
        yield from linear(f"{tower}.{merger}.linear_fc1", MERGED, MERGED, True)
        yield from linear(f"{tower}.{merger}.linear_fc2", MERGED, WIDTH, True)


def shapes(architecture):
    if architecture == "llama":
        return dict(text_tensors("model", "lm_head", bias=True))
    if architecture == "qwen3":
        return dict(text_tensors("model", "lm_head", head_norms=True))
    return dict([*text_tensors("language_model.model", head_norms=True), *tower_tensors()])


def tensors(architecture, quantized):
    """{name: (dtype as safetensors spells it, shape, bytes)}"""
    random = np.random.default_rng(5)
    out = {}

    def add(name, array):
        dtype = {mx.bfloat16: "BF16", mx.uint32: "U32"}[array.dtype]
        out[name] = (dtype, list(array.shape), bytes(memoryview(mx.view(array, mx.uint8))))

    for name, shape in shapes(architecture).items():
        array = mx.array(0.1 * random.standard_normal(shape) + (len(shape) == 1)).astype(mx.bfloat16)
        if quantized and len(shape) == 2 and not any(plain in name for plain in PLAIN):
            for part, packed in zip(("weight", "scales", "biases"), mx.quantize(array, GROUP, BITS)):
                add(name.removesuffix("weight") + part, packed)
        else:
            add(name, array)
    return out


def save(directory, architecture, quantized):
    """Writes the checkpoint; returns its tensors' header and data, to write it again with one changed."""
    directory.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(SMOKE_MODEL / name, directory)
    config = dict(CONFIGS[architecture])
    if quantized:
        config["quantization"] = {"group_size": GROUP, "bits": BITS}
    (directory / "config.json").write_text(json.dumps(config))
    (directory / "preprocessor_config.json").write_text(json.dumps({"patch_size": PATCH, "temporal_patch_size": 2, "merge_size": 2}))
    header, data = {}, b""
    for name, (dtype, shape, raw) in tensors(architecture, quantized).items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    write(directory / "model.safetensors", header, data)
    return header, data
