"""What `sanctum models info` says of a model before it is loaded, against the engine that has loaded it."""

import importlib
import json
import math
import subprocess

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx.utils import tree_flatten

import tiny_checkpoints
from engine_process import Engine, Refused
from programs import SMOKE_MODEL, program
from safetensors_file import write

NEAR = 0.05
TOKENS, BLOCK = 300, 64
STEP = 512 + BLOCK  # beside a window


def predicted(directory, *words, exit_code=0):
    told = subprocess.run([program("sanctum"), "models", "info", str(directory), "--json", *words], capture_output=True, text=True, timeout=60,
                          env={"HOME": "/nowhere", "XDG_STATE_HOME": "/nowhere", "PATH": "/usr/bin:/bin"})
    assert told.returncode == exit_code, told.stdout + told.stderr
    return json.loads(told.stdout)


ATTENTION = dict(num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2, head_dim=64, hidden_size=256)
NARROW = dict(num_hidden_layers=3, num_attention_heads=8, num_key_value_heads=2, head_dim=48, hidden_size=256)
SHAPES = {  # architecture, members, format
    "narrow heads": ("qwen3", NARROW, dict(group_size=64, bits=4)),
    "one head": ("qwen3", dict(num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=4, head_dim=128, hidden_size=256), None),
    "windows": ("gemma3_text", ATTENTION | dict(sliding_window=400, sliding_window_pattern=2), dict(group_size=64, bits=4)),
    "hybrid": ("qwen3_next", ATTENTION | dict(
        linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=64, linear_value_head_dim=64, linear_conv_kernel_dim=4,
        full_attention_interval=2, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=128, shared_expert_intermediate_size=128,
        decoder_sparse_step=1, mlp_only_layers=[], partial_rotary_factor=0.25, norm_topk_prob=True), dict(group_size=64, bits=4)),
}
FORMATS = {f"{bits} bits": dict(group_size=64, bits=bits) for bits in (2, 3, 5, 6, 8)} | {
    "group of 32": dict(group_size=32, bits=4), "mxfp4": dict(group_size=32, bits=4, mode="mxfp4"), "nvfp4": dict(group_size=16, bits=4, mode="nvfp4"),
    "mxfp8": dict(group_size=32, bits=8, mode="mxfp8"), "fp8": "fp8", "modelopt": "modelopt"}
SHAPES |= {name: ("qwen3", NARROW, form) for name, form in FORMATS.items()}
# What transformers' classes have by themselves: with it the model is made, and without it its config.json.
SMALL = dict(hidden_size=64, intermediate_size=128)
GEMMA = dict(num_attention_heads=8, num_key_value_heads=4, head_dim=256)
LEFT_OUT = {
    "gemma3 by default": ("gemma3_text", dict(num_hidden_layers=26, sliding_window=4096), dict(_sliding_window_pattern=2), dict(sliding_window_pattern=2)),
    "gemma4 by default": ("gemma4_text", dict(num_hidden_layers=30, sliding_window=512, global_head_dim=512, num_kv_shared_layers=0,
                                              use_double_wide_mlp=False, hidden_size_per_layer_input=256, sliding_window_pattern=6),
                          dict(vocab_size_per_layer_input=tiny_checkpoints.VOCABULARY), {}),
}
LAYERS = {"gemma3 by default": {"full attention": (13, 0), "sliding window": (13, 4096)},
          "gemma4 by default": {"full attention": (5, 0), "sliding window": (25, 512)}}


def save_foreign(directory, kind, weights):
    """As other toolkits quantize what is `_proj`; of any numbers, since none is looked at."""
    header, data = {}, b""

    def add(name, dtype, shape, raw):
        nonlocal data
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw

    for name, value in weights.items():
        if not name.endswith("_proj.weight"):
            add(name, "BF16", list(value.shape), bytes(memoryview(mx.view(value, mx.uint8))))
            continue
        rows, columns = value.shape
        if kind == "fp8":
            scales = [math.ceil(rows / 128), math.ceil(columns / 128)]
            add(name, "F8_E4M3", [rows, columns], bytes(rows * columns))
            add(name + "_scale_inv", "F32", scales, bytes(4 * math.prod(scales)))
        else:
            add(name, "U8", [rows, columns // 2], bytes(rows * columns // 2))
            add(name + "_scale", "F8_E4M3", [rows, columns // 16], bytes(rows * columns // 16))
            add(name + "_scale_2", "F32", [], bytes(4))
    write(directory / "model.safetensors", header, data)
    if kind == "fp8":
        return dict(quant_method="fp8", fmt="e4m3", activation_scheme="dynamic", weight_block_size=[128, 128], modules_to_not_convert=["lm_head"])
    return dict(quant_method="modelopt", quant_algo="NVFP4", ignore=["lm_head"])


def checkpoint(tmp_path, shape):
    """The built-in model, or a random one: wide enough that weights are most of it."""
    if shape == "smoke":
        return SMOKE_MODEL
    directory = tmp_path / "model"
    unsaid, model_members = {}, {}
    if shape in LEFT_OUT:
        architecture, own, members, model_members = LEFT_OUT[shape]
        unsaid, members, form = GEMMA | own, SMALL | members, dict(group_size=64, bits=4)
    else:
        architecture, members, form = SHAPES[shape]
    module = importlib.import_module(f"mlx_lm.models.{architecture}")
    config = dict(tiny_checkpoints.TEXT, model_type=architecture, tie_word_embeddings=False, max_position_embeddings=4096)
    config |= dict(intermediate_size=512) | members
    if architecture.startswith("gemma"):
        del config["hidden_act"]
    mx.random.seed(1)
    model = module.Model(module.ModelArgs.from_dict(config | unsaid | model_members))
    config = {key: value for key, value in config.items() if key not in unsaid}
    model.set_dtype(mx.bfloat16)
    tiny_checkpoints.save(directory, "qwen3", False)
    if isinstance(form, str):
        config["quantization_config"] = save_foreign(directory, form, dict(tree_flatten(model.parameters())))
    else:
        if form:
            nn.quantize(model, **form)
            config["quantization"] = form
        mx.save_safetensors(str(directory / "model.safetensors"), dict(tree_flatten(model.parameters())))
    (directory / "config.json").write_text(json.dumps(config))
    return directory


def predicted_arena(told, tokens):
    """Of one sequence alone, fed at once."""
    whole = -(-tokens // BLOCK) * BLOCK
    return sum(kind["sequence_bytes"] + kind["token_bytes"] * min(whole, kind["tokens_max"] or whole) for kind in told["layers"])


@pytest.mark.parametrize("shape, kind", [(shape, "stored") for shape in ("smoke", *SHAPES, *LEFT_OUT)] + [
    (shape, "int8") for shape in ("smoke", "narrow heads", "windows", "hybrid")])
def test_weights_and_keys_and_values(shape, kind, tmp_path):
    directory = checkpoint(tmp_path, shape)
    told = predicted(directory, "--kv-type", kind, "--kv-bytes", "64MiB")
    assert told["servable"] is True, told["reason"]
    if shape in LAYERS:
        assert {kind["kind"]: (kind["layers"], kind["tokens_max"] and kind["tokens_max"] - STEP) for kind in told["layers"]} == LAYERS[shape]
    # A kept prefix would be more, and cuts what is fed.
    engine = Engine("--kernels", "cpu", "--kv-type", kind, "--kv-bytes", "64MiB", "--prefix-cache-bytes", "0")
    try:
        empty = engine.call("stats")["held_bytes"]
        info = engine.load(directory)
        held = engine.call("stats")["held_bytes"] - empty
        assert told["weight_bytes"] == pytest.approx(info["weight_bytes"], rel=NEAR)
        assert told["weights_memory_bytes"] == pytest.approx(held, rel=NEAR)
        assert told["context_tokens"] == engine.call("models")["models"][0]["context_tokens"]
        engine.call("generate", request="r", model="m", prompt_ids=[20 + i % 50 for i in range(TOKENS)],
                    sampling={"temperature": 0, "max_tokens": 2, "ignore_eos": True})
        engine.completed("r")
        assert predicted_arena(told, TOKENS) == pytest.approx(engine.call("stats")["arena_bytes"], rel=NEAR)
    finally:
        engine.stop()


@pytest.mark.parametrize("shape", ["smoke", "narrow heads", "mxfp8", "fp8", "hybrid"])
def test_weights_with_mlx_operations(shape, tmp_path):
    directory = checkpoint(tmp_path, shape)
    told = subprocess.run([program("sanctum-engine"), "--kernels", "mlx", "--memory", "--check", f"m={directory}"], capture_output=True, text=True,
                          check=True, timeout=60)
    engine = Engine("--kernels", "mlx", "--kv-bytes", "64MiB")
    try:
        empty = engine.call("stats")["held_bytes"]
        engine.load(directory)
        held = engine.call("stats")["held_bytes"] - empty
        assert json.loads(told.stdout)["weights_memory_bytes"] == pytest.approx(held, rel=NEAR)
    finally:
        engine.stop()


def modelopt(path, rows, columns):
    yield f"{path}.weight", "U8", (rows, columns // 2)
    yield f"{path}.weight_scale", "F8_E4M3", (rows, columns // 16)
    yield f"{path}.weight_scale_2", "F32", ()


def fp8(path, rows, columns):
    yield f"{path}.weight", "F8_E4M3", (rows, columns)
    yield f"{path}.weight_scale_inv", "F32", (-(-rows // 128), -(-columns // 128))


def blocks(path, rows, columns):
    """Of experts in a layer of gpt-oss: [experts * rows, columns]."""
    yield f"{path}_blocks", "U8", (EXPERTS, rows // EXPERTS, columns // 32, 16)
    yield f"{path}_scales", "U8", (EXPERTS, rows // EXPERTS, columns // 32)
    yield f"{path}_bias", "BF16", (EXPERTS, rows // EXPERTS)


EXPERTS = 4
PUBLISHED = {  # by the models' makers: architecture, quantization_config (if it is there), how its matrices are stored
    "modelopt": ("qwen3", None, modelopt),
    "fp8": ("qwen3", dict(quant_method="fp8", weight_block_size=[128, 128]), fp8),
    "mxfp4": ("gpt_oss", dict(quant_method="mxfp4"), blocks),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_weights_as_makers_publish_them(name, tmp_path):
    architecture, method, stored = PUBLISHED[name]
    directory = tmp_path / "model"
    tiny_checkpoints.save(directory, "qwen3", False)
    config = dict(tiny_checkpoints.TEXT, model_type=architecture, tie_word_embeddings=False) | ATTENTION | dict(num_hidden_layers=2, intermediate_size=512)
    config |= dict(num_local_experts=EXPERTS, num_experts_per_tok=2, sliding_window=64, layer_types=["sliding_attention", "full_attention"]) if architecture == "gpt_oss" else {}
    (directory / "config.json").write_text(json.dumps(config | (dict(quantization_config=method) if method else {})))
    if not method:
        (directory / "hf_quant_config.json").write_text(json.dumps(dict(quantization=dict(quant_algo="NVFP4", group_size=16))))
    module = importlib.import_module(f"mlx_lm.models.{architecture}")
    tensors = {}
    for key, value in tree_flatten(module.Model(module.ModelArgs.from_dict(config)).parameters()):
        path = key.removesuffix(".weight")
        if stored is blocks and ".experts." in key:
            if path.endswith(("gate_proj", "down_proj")) and key.endswith(".weight"):
                gate = path.endswith("gate_proj")
                tensors.update((made, rest) for made, *rest in stored(path.replace("gate_proj", "gate_up_proj"), value.shape[0] * value.shape[1] * (2 if gate else 1), value.shape[2]))
        elif stored is not blocks and path.endswith("_proj") and value.ndim == 2:
            tensors.update((made, rest) for made, *rest in stored(path, *value.shape))
        else:
            tensors[key] = ("BF16", value.shape)
    header, at = {}, 0
    for key, (dtype, shape) in tensors.items():
        size = math.prod(shape) * {"U8": 1, "F8_E4M3": 1, "BF16": 2, "F32": 4}[dtype]
        header[key] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    tiny_checkpoints.write(directory / "model.safetensors", header, bytes(at))
    told = predicted(directory)
    assert told["servable"] is True, told["reason"]
    assert told["quantization"] == {"modelopt": "nvfp4 of modelopt", "fp8": "fp8 as bfloat16", "mxfp4": "mxfp4"}[name]
    engine = Engine("--kernels", "cpu", "--kv-bytes", "64MiB", "--prefix-cache-bytes", "0")
    try:
        empty = engine.call("stats")["held_bytes"]
        info = engine.load(directory)
        assert told["weight_bytes"] == pytest.approx(info["weight_bytes"], rel=NEAR)
        assert told["weights_memory_bytes"] == pytest.approx(engine.call("stats")["held_bytes"] - empty, rel=NEAR)
    finally:
        engine.stop()


def test_what_cannot_be_loaded_has_its_reason_and_no_numbers(tmp_path):
    directory = checkpoint(tmp_path, "narrow heads")
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config | dict(num_hidden_layers=4)))
    told = predicted(directory, exit_code=1)
    assert told["servable"] is False and "model.layers.3." in told["reason"]
    assert "weights_memory_bytes" not in told


def test_a_budget_that_is_too_small_is_told_as_the_engine_tells_it(tmp_path):
    token = predicted(SMOKE_MODEL)["kv_token_bytes"]
    budget = 400 * token
    told = predicted(SMOKE_MODEL, "--kv-bytes", str(budget))
    engine = Engine("--kv-bytes", str(budget))
    try:
        engine.load(SMOKE_MODEL)
        assert told["context_tokens"] == engine.call("models")["models"][0]["context_tokens"] == 384
    finally:
        engine.stop()
