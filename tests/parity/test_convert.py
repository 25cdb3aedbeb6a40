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
from test_makers_files import experts_together, gpt_oss_blocks, halves, without_wrapper

COMMON = dict(hidden_size=128, num_hidden_layers=2, intermediate_size=192, num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5,
              vocab_size=1024, max_position_embeddings=512, rope_theta=10000.0)
MOE = dict(num_experts=4, num_experts_per_tok=2, decoder_sparse_step=1, mlp_only_layers=[], moe_intermediate_size=64, norm_topk_prob=True)
HYBRID = COMMON | dict(num_hidden_layers=2, head_dim=64, linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=16, linear_value_head_dim=32,
                       linear_conv_kernel_dim=4, full_attention_interval=2, tie_word_embeddings=False)
QWEN3_5 = HYBRID | dict(model_type="qwen3_5_text", rope_parameters=dict(rope_type="default", mrope_section=[4, 2, 2], rope_theta=1e5, partial_rotary_factor=0.25))
SHARED = dict(shared_expert_intermediate_size=64)
GEMMA4 = COMMON | dict(
    model_type="gemma4_text", head_dim=32, global_head_dim=64, vocab_size_per_layer_input=1024, sliding_window=8, tie_word_embeddings=True, hidden_size_per_layer_input=0,
    num_kv_shared_layers=0, use_double_wide_mlp=False, layer_types=["sliding_attention", "full_attention"])
GEMMA4_SHARING = GEMMA4 | dict(num_hidden_layers=4, layer_types=["sliding_attention", "full_attention"] * 2, num_kv_shared_layers=2, hidden_size_per_layer_input=64)
GEMMA4_EXPERTS = GEMMA4 | dict(attention_k_eq_v=True, num_global_key_value_heads=1, enable_moe_block=True, num_experts=4, top_k_experts=2, moe_intermediate_size=64)
MINISTRAL_ROPE = dict(rope_type="default", rope_theta=1e4, llama_4_scaling_beta=0.1, original_max_position_embeddings=64)
CONFIGS = {
    "llama": dict(model_type="llama", tie_word_embeddings=False, attention_bias=True, **COMMON),
    "llama_tied": dict(model_type="llama", tie_word_embeddings=True, torch_dtype="bfloat16", _name_or_path="x/y", **COMMON),
    "mistral": dict(model_type="mistral", tie_word_embeddings=False, **COMMON),
    "ministral3": dict(model_type="ministral3", tie_word_embeddings=True, head_dim=32, rope_parameters=MINISTRAL_ROPE, **COMMON),
    "mistral3": dict(model_type="mistral3", text_config=dict(model_type="ministral3", rope_parameters=MINISTRAL_ROPE, **COMMON)),
    "qwen2": dict(model_type="qwen2", tie_word_embeddings=True, **COMMON),
    "qwen3": dict(model_type="qwen3", head_dim=32, tie_word_embeddings=False, torch_dtype="float16", eos_token_id=7, **COMMON),
    "qwen3_moe": dict(model_type="qwen3_moe", head_dim=32, tie_word_embeddings=False, **MOE, **COMMON),
    "qwen3_vl": dict(model_type="qwen3_vl", text_config=dict(model_type="qwen3_vl_text", head_dim=32, tie_word_embeddings=False, **COMMON)),
    "qwen3_next": dict(model_type="qwen3_next", partial_rotary_factor=0.25, **HYBRID, **MOE, **SHARED) | dict(mlp_only_layers=[1]),
    "qwen3_5": dict(model_type="qwen3_5", text_config=QWEN3_5 | dict(dtype="float16")),
    "qwen3_5_flat": QWEN3_5 | dict(model_type="qwen3_5"),
    "qwen3_5_moe": dict(model_type="qwen3_5_moe", text_config=QWEN3_5 | MOE | SHARED),
    "gemma3_text": dict(model_type="gemma3_text", head_dim=32, tie_word_embeddings=True, **COMMON),
    "gemma3": dict(model_type="gemma3", vocab_size=1024, text_config=dict(model_type="gemma3_text", head_dim=32, dtype="bfloat16", num_hidden_layers=2, hidden_size=128,
                                                                         intermediate_size=192)),
    "gemma4_text": GEMMA4_EXPERTS,
    "gemma4": dict(model_type="gemma4", vocab_size=1024, text_config=GEMMA4_SHARING),
    "gemma4_moe": dict(model_type="gemma4", vocab_size=1024, text_config=GEMMA4_EXPERTS),
    "gpt_oss": dict(model_type="gpt_oss", head_dim=32, sliding_window=8, num_local_experts=4, num_experts_per_tok=2, tie_word_embeddings=False,
                    layer_types=["sliding_attention", "full_attention"],
                    quantization_config=dict(quant_method="mxfp4", modules_to_not_convert=["lm_head"]), **COMMON),
    "mixtral": dict(model_type="mixtral", num_local_experts=4, num_experts_per_tok=2, tie_word_embeddings=False, **COMMON),
    "phi3": dict(model_type="phi3", tie_word_embeddings=False, **COMMON),
    "smollm3": dict(model_type="smollm3", tie_word_embeddings=True, **COMMON),
}
# What the makers store besides, and mlx_lm leaves out.
BESIDES = {
    "mistral3": ["model.vision_tower.x.weight", "model.multi_modal_projector.y.weight"],
    "qwen3_vl": ["model.visual.x.weight"],
    "qwen3_next": ["mtp.layers.0.mlp.experts.0.up_proj.weight", "mtp.norm.weight"],
    "qwen3_5": ["model.visual.x.weight", "mtp.fc.weight"],
    "qwen3_5_flat": ["mtp.fc.weight"],
    "qwen3_5_moe": ["model.visual.x.weight", "mtp.layers.0.mlp.experts.gate_up_proj"],
    "gemma3": ["vision_tower.x.weight", "multi_modal_projector.y.weight"],
    "gemma4": ["model.vision_tower.x.weight", "model.audio_tower.y.weight", "model.embed_vision.z.weight", "model.language_model.layers.0.input_max",
               "model.language_model.layers.3.self_attn.k_proj.weight", "model.language_model.layers.2.self_attn.k_norm.weight"],
    "gemma4_moe": ["model.embed_audio.x.weight"],
}
MIXTRAL_NAMES = {"gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"}


def experts_apart(name, array):
    """As transformers stores them."""
    before, rest = name.split("switch_mlp.")
    projection, kind = rest.split(".")
    for number in range(array.shape[0]):
        yield f"{before}experts.{number}.{MIXTRAL_NAMES[projection] if 'block_sparse_moe' in name else projection}.{kind}", array[number]


def all_apart(weights):
    out = {}
    for name, array in weights.items():
        out.update(experts_apart(name, array) if "switch_mlp" in name else [(name, array)])
    return out


def gpt_oss_published(weights):
    """Experts in blocks of MXFP4."""
    out = {}
    for name, array in weights.items():
        if ".experts." not in name or not name.endswith(".weight"):
            out[name] = array
            continue
        out[name], out[name.replace(".weight", ".scales")] = mx.quantize(array, group_size=32, bits=4, mode="mxfp4")
    return experts_together(out, "experts.", "experts.", gpt_oss_blocks)


def published(name, config, weights):
    """MLX's form of a model's weights as its makers have them."""
    if name in ("mixtral", "qwen3_moe", "qwen3_next"):
        weights = all_apart(weights)
    if name == "qwen3_5_moe":
        weights = experts_together(weights, "switch_mlp.", "experts.", halves)
    if name in ("gemma4_text", "gemma4_moe"):
        weights = experts_together(weights, "experts.switch_glu.", "experts.", halves)
    if name == "gpt_oss":
        weights = gpt_oss_published(weights)
    if name in ("mistral3", "qwen3_vl", "qwen3_5", "qwen3_5_moe", "gemma4", "gemma4_moe"):
        weights = {without_wrapper(name): array for name, array in weights.items()}
    if name == "qwen3_5_flat":
        weights = {name.removeprefix("language_model."): array for name, array in weights.items()}
    weights = {name: mx.contiguous(array.moveaxis(2, 1)) if "conv1d" in name else array for name, array in weights.items()}
    if name == "gemma3":
        del weights["language_model.lm_head.weight"]
    if config["model_type"] in ("llama", "qwen2", "smollm3"):
        weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = mx.ones((16,))
    if config.get("tie_word_embeddings") and not name.startswith("gemma"):
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    return weights | {one: mx.ones((4, 6, 8)) for one in BESIDES.get(name, ())}


def random_weights(config, dtype):
    """Of every magnitude, some groups of them all alike, by the names of MLX."""
    module = importlib.import_module("mlx_lm.models." + {"mistral": "llama"}.get(config["model_type"], config["model_type"]))
    model = module.Model(module.ModelArgs.from_dict(json.loads(json.dumps(config))))
    draw = np.random.default_rng(4)
    weights = {}
    for name, array in tree_flatten(model.parameters()):
        numbers = draw.normal(0, 1, array.shape) * 10.0 ** draw.integers(-3, 2, (*array.shape[:-1], 1) if array.ndim > 1 else ())
        if array.ndim > 1 and array.shape[-2] > 2:
            numbers[..., 0, :64] = 0
            numbers[..., 1, :64] = 0.5
            numbers[..., 2, :64] = -np.abs(numbers[..., 2, :64])
        weights[name] = mx.array(numbers.astype(np.float32)).astype(mx.float32 if name.endswith("A_log") else dtype)
    return weights


def hugging_face(directory, name, dtype=mx.bfloat16, shards=1):
    """A directory as its makers publish a model."""
    directory.mkdir()
    config = CONFIGS[name]
    weights = published(name, config, random_weights(config, dtype))
    names = sorted(weights)
    for i in range(shards):
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        mx.save_safetensors(str(directory / file), {name: weights[name] for name in names[i::shards]}, {"format": "pt"})
    (directory / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {}, "weight_map": {name: f"model-{i % shards + 1:05}-of-{shards:05}.safetensors" for i, name in enumerate(names)}}))
    more = dict(architectures=["X"], rope_scaling=None, big=2**53 + 1, small=1e-05) | ({"vision_config": {"x": 1}} if "text_config" in config else {})
    (directory / "config.json").write_text(json.dumps(config | more))
    (directory / "generation_config.json").write_text(json.dumps({"eos_token_id": [5, 6]} if config["model_type"] == "llama" else {"temperature": 0.5}))
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(SMOKE_MODEL / file, directory)
    return directory


def sanctum(*words, **how):
    return subprocess.run([program("sanctum"), "models", *map(str, words)], capture_output=True, text=True, timeout=120, **how)


def is_made(told, served=True):
    """Not served: for what its configuration lacks."""
    assert told.returncode == (0 if served else 1) and told.stdout.startswith("made     "), told.stdout + told.stderr
    assert ("next     sanctum serve" in told.stdout) == served, told.stdout


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
    for file in ("config.json", "model.safetensors.index.json"):
        assert json.loads((ours / file).read_text()) == json.loads((theirs / file).read_text()), file


@pytest.mark.parametrize("how", [(), ("--bits", 4), ("--bits", 8, "--group-size", 32)], ids=["as it is", "4-bit", "8-bit"])
@pytest.mark.parametrize("name", CONFIGS)
def test_every_architecture(name, how, tmp_path):
    source = hugging_face(tmp_path / "source", name, shards=2)
    told = sanctum("convert", source, "--to", tmp_path / "ours", *how)
    is_made(told, served=name != "qwen3_vl")  # which mlx_lm takes without an mrope_section
    words = dict(zip(how[::2], how[1::2]))
    reference(str(source), str(tmp_path / "theirs"), quantize=bool(how), q_bits=words.get("--bits"), q_group_size=words.get("--group-size", 64))
    assert_same(tmp_path / "ours", tmp_path / "theirs")
    assert (tmp_path / "ours" / "tokenizer.json").read_bytes() == (source / "tokenizer.json").read_bytes()
    left_out = [int(line.split()[2]) for line in told.stdout.splitlines() if line.startswith("left out")]
    assert sum(left_out) == len(BESIDES.get(name, ())), told.stdout


def test_every_architecture_that_is_served_is_here():
    """But for those that mlx_lm has no model of, which are refused by name."""
    told = json.loads(subprocess.run([program("sanctum-engine"), "--architectures"], capture_output=True, timeout=60, check=True).stdout)
    served = {one["name"] for one in told["architectures"]}
    assert served - {config["model_type"] for config in CONFIGS.values()} == {"qwen3_5_text", "qwen3_5_moe_text"}


def test_templates_that_have_names_come_along(tmp_path):
    """As transformers writes and reads them."""
    source = hugging_face(tmp_path / "source", "llama")
    (source / "additional_chat_templates").mkdir()
    (source / "additional_chat_templates" / "tool_use.jinja").write_text("{{ tools }}")
    told = sanctum("convert", source, "--to", tmp_path / "ours")
    is_made(told)
    reference(str(source), str(tmp_path / "theirs"))
    for made in ("ours", "theirs"):
        assert [(path.name, path.read_text()) for path in (tmp_path / made / "additional_chat_templates").iterdir()] == [("tool_use.jinja", "{{ tools }}")], made


REFUSED = {
    # what is stored otherwise than mlx_lm knows it, and a word of the reason
    "gemma3": ("language_model.model.norm.weight", "model.language_model.norm.weight", "language_model.model.*"),
    "gemma4": ("model.language_model.norm.weight", "norm.weight", "model.language_model.*"),
    "gpt_oss": ("model.layers.0.mlp.experts.gate_up_proj_blocks", "model.layers.0.mlp.experts.gate_up_proj", "blocks of MXFP4"),
    "qwen3_5_moe": ("model.language_model.layers.0.mlp.experts.gate_up_proj", "model.language_model.layers.0.mlp.experts.0.up_proj.weight", "in one tensor"),
    "qwen3_5": ("model.visual.x.weight", "model.language_model.visual.x.weight", "model.visual"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_mlx_lm_cannot_convert_is_refused_with_the_reason(name, tmp_path):
    source = hugging_face(tmp_path / "source", name)
    here, there, why = REFUSED[name]
    (file,) = source.glob("*.safetensors")
    weights = mx.load(str(file))
    weights[there] = weights.pop(here)
    mx.save_safetensors(str(file), weights)
    told = sanctum("convert", source, "--to", tmp_path / "ours")
    assert told.returncode == 2 and there in told.stderr and why in told.stderr, told.stderr
    with pytest.raises(Exception):
        reference(str(source), str(tmp_path / "theirs"))


@pytest.mark.parametrize("stored", [mx.float32, mx.float16, mx.bfloat16])
@pytest.mark.parametrize("dtype", [None, "bfloat16", "float16"])
@pytest.mark.parametrize("bits", [2, 3, 5, 6, None])
def test_every_number_of_bits_and_every_type(bits, dtype, stored, tmp_path):
    source = hugging_face(tmp_path / "source", "llama", stored)
    group = {None: 64, 2: 128, 3: 64, 5: 64, 6: 32}[bits]
    words = (["--bits", bits, "--group-size", group] if bits else []) + (["--dtype", dtype] if dtype else [])
    told = sanctum("convert", source, "--to", tmp_path / "ours", *words)
    is_made(told)
    reference(str(source), str(tmp_path / "theirs"), quantize=bool(bits), q_bits=bits, q_group_size=group, dtype=dtype)
    assert_same(tmp_path / "ours", tmp_path / "theirs")


def test_some_otherwise(tmp_path):
    source = hugging_face(tmp_path / "source", "llama")
    told = sanctum("quantize", source, "--to", tmp_path / "ours", "--bits-of", "layers.1.*down_proj=8", "--bits-of", "v_proj=6", "--keep", "lm_head", "--keep", "absent")
    is_made(told)
    assert "'absent' fits no matrix" in told.stdout

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
    source = hugging_face(tmp_path / "source", "llama")
    out = tmp_path / "out"

    def refused(word, *words, code=2):
        told = sanctum("quantize", *words, "--to", out)
        assert told.returncode == code and word in told.stderr, told.stderr
        assert sorted(path.name for path in tmp_path.iterdir() if "out" in path.name) == []

    refused("2, 3, 4, 5, 6 or 8", source, "--bits", "7")
    refused("32, 64 or 128", source, "--group-size", "48")
    refused("PATTERN=BITS", source, "--bits-of", "lm_head")
    refused("a pattern is empty", source, "--keep", "")
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**config, "model_type": "mamba"}))
    refused("'mamba'", source)
    (source / "config.json").write_text(json.dumps({**config, "model_type": "qwen3_5_text"}))
    refused("mlx_lm has no model of this name", source)
    for quantized in ({"quantization": {"bits": 4, "group_size": 64}}, {"quantization_config": {"quant_method": "mxfp4"}}, {"text_config": {"quantization_config": {"quant_method": "fp8"}}}):
        (source / "config.json").write_text(json.dumps(config | quantized))
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
    source = hugging_face(tmp_path / "source", "llama")
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
