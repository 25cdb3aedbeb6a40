"""`sanctum models convert` and `quantize` against mlx_lm.convert, on tiny random models: every tensor byte for byte, and config.json."""

import importlib
import json
import shutil
import signal
import subprocess

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten
from mlx_lm import convert as reference

from programs import SMOKE_MODEL, program, wait_until

COMMON = dict(hidden_size=128, num_hidden_layers=2, intermediate_size=192, num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5,
              vocab_size=1024, max_position_embeddings=512, rope_theta=10000.0)
CONFIGS = {
    "llama": dict(model_type="llama", tie_word_embeddings=False, attention_bias=True, **COMMON),
    "llama_tied": dict(model_type="llama", tie_word_embeddings=True, torch_dtype="bfloat16", _name_or_path="x/y", **COMMON),
    "qwen2": dict(model_type="qwen2", tie_word_embeddings=True, **COMMON),
    "qwen3": dict(model_type="qwen3", head_dim=32, tie_word_embeddings=False, torch_dtype="float16", eos_token_id=7, **COMMON),
    "qwen3_moe": dict(model_type="qwen3_moe", head_dim=32, num_experts=4, num_experts_per_tok=2, decoder_sparse_step=1, mlp_only_layers=[],
                      moe_intermediate_size=64, norm_topk_prob=True, tie_word_embeddings=False, **COMMON),
    "mixtral": dict(model_type="mixtral", num_local_experts=4, num_experts_per_tok=2, tie_word_embeddings=False, **COMMON),
    "phi3": dict(model_type="phi3", tie_word_embeddings=False, **COMMON),
    "smollm3": dict(model_type="smollm3", tie_word_embeddings=True, **COMMON),
}
MIXTRAL_NAMES = {"gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"}


def experts_apart(name, array):
    """As transformers stores them."""
    before, rest = name.split("switch_mlp.")
    projection, kind = rest.split(".")
    for number in range(array.shape[0]):
        yield f"{before}experts.{number}.{MIXTRAL_NAMES[projection] if 'block_sparse_moe' in name else projection}.{kind}", array[number]


def hugging_face(directory, config, dtype=mx.bfloat16, shards=1):
    """A directory as transformers writes it, with random weights of every magnitude, some groups of them all alike."""
    directory.mkdir()
    module = importlib.import_module("mlx_lm.models." + config["model_type"])
    model = module.Model(module.ModelArgs.from_dict(config))
    draw = np.random.default_rng(4)
    weights = {}
    for name, array in tree_flatten(model.parameters()):
        numbers = draw.normal(0, 1, array.shape) * 10.0 ** draw.integers(-3, 2, (*array.shape[:-1], 1) if array.ndim > 1 else ())
        if array.ndim > 1:
            numbers[..., 0, :64] = 0
            numbers[..., 1, :64] = 0.5
            numbers[..., 2, :64] = -np.abs(numbers[..., 2, :64])
        stored = mx.array(numbers.astype(np.float32)).astype(dtype)
        weights.update(experts_apart(name, stored) if "switch_mlp" in name else [(name, stored)])
    if config["model_type"] in ("llama", "qwen2", "smollm3"):
        weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = mx.ones((16,))
    if config["tie_word_embeddings"]:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    names = sorted(weights)
    for i in range(shards):
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        mx.save_safetensors(str(directory / file), {name: weights[name] for name in names[i::shards]}, {"format": "pt"})
    (directory / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {}, "weight_map": {name: f"model-{i % shards + 1:05}-of-{shards:05}.safetensors" for i, name in enumerate(names)}}))
    (directory / "config.json").write_text(json.dumps({**config, "architectures": ["X"], "rope_scaling": None, "big": 2**53 + 1, "small": 1e-05}))
    (directory / "generation_config.json").write_text(json.dumps({"eos_token_id": [5, 6]} if config["model_type"] == "llama" else {"temperature": 0.5}))
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(SMOKE_MODEL / name, directory)
    return directory


def sanctum(*words, **how):
    return subprocess.run([program("sanctum"), "models", *map(str, words)], capture_output=True, text=True, timeout=120, **how)


def all_tensors(directory):
    out = {}
    for file in directory.glob("*.safetensors"):
        out.update(mx.load(str(file)))
    return out


def assert_same(ours, theirs):
    mine, expected = all_tensors(ours), all_tensors(theirs)
    assert set(mine) == set(expected)
    for name, array in expected.items():
        assert (mine[name].dtype, mine[name].shape) == (array.dtype, array.shape), name
        assert bytes(memoryview(mx.view(mine[name], mx.uint8))) == bytes(memoryview(mx.view(array, mx.uint8))), name
    assert json.loads((ours / "config.json").read_text()) == json.loads((theirs / "config.json").read_text())


@pytest.mark.parametrize("how", [(), ("--bits", 4), ("--bits", 8, "--group-size", 32)], ids=["as it is", "4-bit", "8-bit"])
@pytest.mark.parametrize("name", CONFIGS)
def test_every_architecture(name, how, tmp_path):
    source = hugging_face(tmp_path / "source", CONFIGS[name], shards=2)
    told = sanctum("convert", source, "--to", tmp_path / "ours", *how)
    assert told.returncode == 0, told.stderr
    words = dict(zip(how[::2], how[1::2]))
    reference(str(source), str(tmp_path / "theirs"), quantize=bool(how), q_bits=words.get("--bits"), q_group_size=words.get("--group-size", 64))
    assert_same(tmp_path / "ours", tmp_path / "theirs")
    assert (tmp_path / "ours" / "tokenizer.json").read_bytes() == (source / "tokenizer.json").read_bytes()


@pytest.mark.parametrize("stored", [mx.float32, mx.float16, mx.bfloat16])
@pytest.mark.parametrize("dtype", [None, "bfloat16", "float16"])
@pytest.mark.parametrize("bits", [2, 3, 5, 6, None])
def test_every_number_of_bits_and_every_type(bits, dtype, stored, tmp_path):
    source = hugging_face(tmp_path / "source", CONFIGS["llama"], stored)
    group = {None: 64, 2: 128, 3: 64, 5: 64, 6: 32}[bits]
    words = (["--bits", bits, "--group-size", group] if bits else []) + (["--dtype", dtype] if dtype else [])
    told = sanctum("convert", source, "--to", tmp_path / "ours", *words)
    assert told.returncode == 0, told.stderr
    reference(str(source), str(tmp_path / "theirs"), quantize=bool(bits), q_bits=bits, q_group_size=group, dtype=dtype)
    assert_same(tmp_path / "ours", tmp_path / "theirs")


def test_some_otherwise(tmp_path):
    source = hugging_face(tmp_path / "source", CONFIGS["llama"])
    told = sanctum("quantize", source, "--to", tmp_path / "ours", "--bits-of", "layers.1.*down_proj=8", "--bits-of", "v_proj=6", "--keep", "lm_head", "--keep", "absent")
    assert told.returncode == 0 and "'absent' fits no matrix" in told.stdout, told.stderr

    def predicate(path, module):
        if "lm_head" in path:
            return False
        if "layers.1." in path and "down_proj" in path:
            return {"group_size": 64, "bits": 8, "mode": "affine"}
        if "v_proj" in path:
            return {"group_size": 64, "bits": 6, "mode": "affine"}
        return True

    reference(str(source), str(tmp_path / "theirs"), quantize=True, quant_predicate=predicate)
    assert_same(tmp_path / "ours", tmp_path / "theirs")


def test_what_cannot_be_converted_says_why_and_leaves_nothing(tmp_path):
    source = hugging_face(tmp_path / "source", CONFIGS["llama"])
    out = tmp_path / "out"

    def refused(word, *words, code=2):
        told = sanctum("quantize", *words, "--to", out)
        assert told.returncode == code and word in told.stderr, told.stderr
        assert sorted(path.name for path in tmp_path.iterdir() if "out" in path.name) == []

    refused("2, 3, 4, 5, 6 or 8", source, "--bits", "7")
    refused("32, 64 or 128", source, "--group-size", "48")
    refused("PATTERN=BITS", source, "--bits-of", "lm_head")
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**config, "model_type": "mamba"}))
    refused("'mamba'", source)
    (source / "config.json").write_text(json.dumps({**config, "quantization": {"bits": 4, "group_size": 64}}))
    refused("quantized already", source)
    (source / "config.json").write_text(json.dumps(config))
    (source / "hf_quant_config.json").write_text(json.dumps({"quantization": {"quant_algo": "NVFP4"}}))
    refused("hf_quant_config.json", source)
    (source / "hf_quant_config.json").unlink()
    shard = source / "model-00001-of-00001.safetensors"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-10])
    refused("damaged", source)
    shard.unlink()
    refused("model-00001-of-00001.safetensors", source)
    shard.write_bytes(whole)
    out.mkdir()
    told = sanctum("quantize", source, "--to", out)
    assert told.returncode == 2 and "is there already" in told.stderr


def test_one_that_is_stopped_leaves_nothing(tmp_path):
    """It has gigabytes to do, of holes, and is stopped when it has begun."""
    source = hugging_face(tmp_path / "source", CONFIGS["llama"])
    shard = source / "model-00001-of-00001.safetensors"
    bytes_ = 1 << 33
    header = json.dumps({"model.embed_tokens.weight": {"dtype": "BF16", "shape": [1 << 16, 1 << 16], "data_offsets": [0, bytes_]}}).encode()
    with open(shard, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + bytes_)
    begun = tmp_path / ".out.importing" / "model.safetensors"
    process = subprocess.Popen([program("sanctum"), "models", "quantize", source, "--to", tmp_path / "out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: begun.exists() and begun.stat().st_size > 1 << 20, 60, "it writes")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2 and "stopped; nothing was left behind" in said, said
    assert [path.name for path in tmp_path.iterdir()] == ["source"]
