"""What `sanctum models info` says of a model before it is loaded, against the engine that has loaded it."""

import importlib
import json
import subprocess

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx.utils import tree_flatten

import tiny_checkpoints
from engine_process import Engine, Refused
from programs import SMOKE_MODEL, program

NEAR = 0.05
TOKENS, BLOCK = 300, 64


def predicted(directory, *words):
    told = subprocess.run([program("sanctum"), "models", "info", str(directory), "--json", *words], capture_output=True, text=True, timeout=60,
                          env={"HOME": "/nowhere", "XDG_STATE_HOME": "/nowhere", "PATH": "/usr/bin:/bin"})
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


ATTENTION = dict(num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2, head_dim=64, hidden_size=256)
SHAPES = {  # architecture, members, bits
    "narrow heads": ("qwen3", dict(num_hidden_layers=3, num_attention_heads=8, num_key_value_heads=2, head_dim=48, hidden_size=256), 4),
    "one head": ("qwen3", dict(num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=4, head_dim=128, hidden_size=256), None),
    "windows": ("gemma3_text", ATTENTION | dict(sliding_window=400, sliding_window_pattern=2), 4),
    "hybrid": ("qwen3_next", ATTENTION | dict(
        linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=64, linear_value_head_dim=64, linear_conv_kernel_dim=4,
        full_attention_interval=2, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=128, shared_expert_intermediate_size=128,
        decoder_sparse_step=1, mlp_only_layers=[], partial_rotary_factor=0.25, norm_topk_prob=True), 4),
}


def checkpoint(tmp_path, shape):
    """The built-in model, or a random one: wide enough that weights are most of it."""
    if shape == "smoke":
        return SMOKE_MODEL
    directory = tmp_path / "model"
    architecture, members, bits = SHAPES[shape]
    module = importlib.import_module(f"mlx_lm.models.{architecture}")
    config = dict(tiny_checkpoints.TEXT, model_type=architecture, tie_word_embeddings=False, max_position_embeddings=4096)
    config |= members | dict(intermediate_size=512)
    if architecture.startswith("gemma"):
        del config["hidden_act"]
    mx.random.seed(1)
    model = module.Model(module.ModelArgs.from_dict(config))
    model.set_dtype(mx.bfloat16)
    if bits:
        nn.quantize(model, group_size=64, bits=bits)
        config["quantization"] = {"group_size": 64, "bits": bits}
    tiny_checkpoints.save(directory, "qwen3", False)
    (directory / "config.json").write_text(json.dumps(config))
    mx.save_safetensors(str(directory / "model.safetensors"), dict(tree_flatten(model.parameters())))
    return directory


def predicted_arena(told, tokens):
    """Of one sequence alone, fed at once."""
    whole = -(-tokens // BLOCK) * BLOCK
    return sum(kind["sequence_bytes"] + kind["token_bytes"] * min(whole, kind["tokens_max"] or whole) for kind in told["layers"])


@pytest.mark.parametrize("kind", ["stored", "int8"])
@pytest.mark.parametrize("shape", ["smoke", *SHAPES])
def test_weights_and_keys_and_values(shape, kind, tmp_path):
    directory = checkpoint(tmp_path, shape)
    told = predicted(directory, "--kv-type", kind, "--kv-bytes", "64MiB")
    assert told["servable"] is True, told["reason"]
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
