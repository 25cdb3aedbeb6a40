"""Every architecture that is imported from GGUF: tiny models of mlx-lm, written by the Python package gguf under its own names and in
llama.cpp's order of rows, come back as mlx-lm loads them."""

import importlib
import subprocess

import gguf
import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten
from mlx_lm.utils import load_model

from programs import program

LAYERS, WIDTH, HEADS, KV_HEADS, VOCABULARY, CONTEXT = 6, 64, 4, 2, 96, 512
COMMON = dict(hidden_size=WIDTH, num_hidden_layers=LAYERS, intermediate_size=96, num_attention_heads=HEADS, num_key_value_heads=KV_HEADS,
              rms_norm_eps=1e-5, vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, rope_theta=10000.0)
EXPERTS = dict(num_experts_per_tok=2)
TIED = dict(tie_word_embeddings=True)
CONFIGS = {  # general.architecture: what mlx-lm makes of it
    "llama": dict(model_type="llama", tie_word_embeddings=False, attention_bias=True, mlp_bias=True, **COMMON),
    "qwen2": dict(model_type="qwen2", **TIED, **COMMON),
    "qwen3": dict(model_type="qwen3", head_dim=32, tie_word_embeddings=False, **COMMON),
    "qwen3moe": dict(model_type="qwen3_moe", head_dim=32, num_experts=4, decoder_sparse_step=1, mlp_only_layers=[], moe_intermediate_size=32,
                     norm_topk_prob=True, **TIED, **EXPERTS, **COMMON),
    "gemma3": dict(model_type="gemma3_text", head_dim=32, sliding_window=64, rope_local_base_freq=10000.0, query_pre_attn_scalar=32,
                   sliding_window_pattern=6, **COMMON),
    "phi3": dict(model_type="phi3", tie_word_embeddings=False, **COMMON),
    "gpt-oss": dict(model_type="gpt_oss", head_dim=32, num_local_experts=4, sliding_window=64,
                    rope_scaling=dict(rope_type="yarn", factor=32.0, original_max_position_embeddings=64, beta_fast=32.0, beta_slow=1.0,
                                      truncate=False),
                    **EXPERTS, **COMMON),
    "smollm3": dict(model_type="smollm3", no_rope_layer_interval=4, **TIED, **COMMON),
}
IN_PAIRS = {"llama", "smollm3"}  # llama.cpp's order of the rows of q and k
SUFFIXES = (".weight", ".bias", ".sinks")
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)


def random_model(config):
    module = importlib.import_module(f"mlx_lm.models.{config['model_type']}")
    model = module.Model(module.ModelArgs.from_dict(config))
    draw = np.random.default_rng(3)
    # Few bits, so that every type of the file and 1 + w hold them.
    weights = {name: (draw.integers(-128, 128, array.shape) / 256).astype(np.float32) for name, array in tree_flatten(model.parameters())}
    return weights


def their_name(names, name):
    """As the package gguf maps what transformers calls it."""
    path = name.replace("switch_mlp", "experts").replace("self_attn.sinks", "self_attn.sinks.weight")
    found = names.get_name(path, try_suffixes=SUFFIXES)
    assert found, name
    return found


def in_pairs(array, heads):
    """convert_hf_to_gguf.py's permute()."""
    return array.reshape(heads, 2, array.shape[0] // heads // 2, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)


def written(path, architecture, config, weights, kind=None, change=lambda writer: None, called=None, renamed=()):
    """The file. Matrices that are read in blocks get the type `kind`. `called`: another name of the architecture; `renamed`: parts of tensors'
    names that another maker calls otherwise."""
    writer = gguf.GGUFWriter(path, called or architecture)
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    if "head_dim" in config:
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
    if "sliding_window" in config:
        writer.add_sliding_window(config["sliding_window"])
    if experts := config.get("num_experts", config.get("num_local_experts")):
        writer.add_expert_count(experts)
        writer.add_expert_used_count(config["num_experts_per_tok"])
        writer.add_expert_feed_forward_length(config.get("moe_intermediate_size", config["intermediate_size"]))
    if scaling := config.get("rope_scaling"):
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(scaling["factor"])
        writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_beta_fast(scaling["beta_fast"])
        writer.add_rope_scaling_yarn_beta_slow(scaling["beta_slow"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(["t", "0", *(f"t{i}" for i in range(VOCABULARY - 2))])
    writer.add_token_types([1] * VOCABULARY)
    writer.add_token_merges(["t 0"])
    writer.add_eos_token_id(3)
    change(writer)
    number = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    names = gguf.get_tensor_name_map(number, LAYERS)
    for name, array in weights.items():
        if architecture in IN_PAIRS and "q_proj" in name:
            array = in_pairs(array, HEADS)
        if architecture in IN_PAIRS and "k_proj" in name:
            array = in_pairs(array, KV_HEADS)
        if architecture == "gemma3" and "norm" in name:
            array = array + 1
        theirs = their_name(names, name)
        for ours, other in renamed:
            theirs = theirs.replace(ours, other)
        if kind and array.ndim > 1 and not name.endswith("bias"):
            blocks = gguf.quants.quantize(array, kind)
            writer.add_tensor(theirs, blocks, raw_dtype=kind)
        else:
            writer.add_tensor(theirs, np.ascontiguousarray(array))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def imported(path, out):
    run = subprocess.run([program("sanctum-gguf-probe"), "import", path, out], capture_output=True, text=True, timeout=120)
    if run.returncode:
        raise ValueError(run.stderr)
    return load_model(out)


@pytest.mark.parametrize("architecture", CONFIGS)
def test_comes_back_as_mlx_lm_loads_it(architecture, tmp_path):
    config = CONFIGS[architecture]
    weights = random_model(config)
    model, read = imported(written(tmp_path / "m.gguf", architecture, config, weights), tmp_path / "m")
    expect_same(model, weights)
    for member, value in config.items():
        if isinstance(value, float):
            assert read[member] == pytest.approx(value, rel=1e-6), member
        elif member == "rope_scaling":
            assert {key: read[member][key] for key in value} == value
        elif member != "no_rope_layer_interval" or value != read[member]:
            assert read[member] == value, member
    assert not (tmp_path / "m" / "chat_template.jinja").exists()


@pytest.mark.parametrize("architecture", CONFIGS)
def test_quantized_matrices_are_what_gguf_says(architecture, tmp_path):
    config = CONFIGS[architecture]
    weights = random_model(config)
    kind = gguf.GGMLQuantizationType.Q4_1
    model, read = imported(written(tmp_path / "m.gguf", architecture, config, weights, kind), tmp_path / "m")
    assert read["quantization"] == {"group_size": 32, "bits": 4}
    loaded = dict(tree_flatten(model.parameters()))
    for name, array in weights.items():
        path = name.removesuffix(".weight")
        ours = loaded[name]
        if f"{path}.scales" in loaded:
            scales, biases = (loaded[f"{path}.{part}"].astype(mx.float32) for part in ("scales", "biases"))
            ours = mx.dequantize(ours, scales, biases, group_size=32, bits=4)
            rows = array.reshape(-1, array.shape[-1])
            array = gguf.quants.dequantize(gguf.quants.quantize(rows, kind), kind).reshape(array.shape)
        assert np.array_equal(np.array(ours.astype(mx.float32)), array), name


def expect_same(model, weights):
    loaded = dict(tree_flatten(model.parameters()))
    assert set(loaded) == set(weights)
    for name, array in weights.items():
        assert np.array_equal(np.array(loaded[name].astype(mx.float32)), array), name


def test_ollamas_own_gpt_oss_comes_back(tmp_path):
    def silent(writer):
        for key in ("rope.scaling.type", "expert_feed_forward_length"):
            del writer.kv_data[0][f"gptoss.{key}"]
        writer.kv_data[0]["tokenizer.ggml.pre"].value = "default"

    config = CONFIGS["gpt-oss"]
    weights = random_model(config)
    renamed = [("attn_output", "attn_out"), ("attn_sinks.weight", "attn_sinks"), ("post_attention_norm", "ffn_norm")]
    model, read = imported(written(tmp_path / "m.gguf", "gpt-oss", config, weights, change=silent, called="gptoss", renamed=renamed), tmp_path / "m")
    expect_same(model, weights)
    assert read["rope_scaling"]["rope_type"] == "yarn" and read["intermediate_size"] == config["intermediate_size"]


def test_ollamas_own_gemma_3_comes_back_without_its_picture_half(tmp_path):
    def silent(writer):
        keys = writer.kv_data[0]
        del keys["gemma3.attention.layer_norm_rms_epsilon"]
        keys["gemma3.rope.global.freq_base"] = keys.pop("gemma3.rope.freq_base")
        keys["gemma3.context_length"].value = 131072
        for key, more in {"tokens": "<image_soft_token>", "token_type": 3}.items():
            keys[f"tokenizer.ggml.{key}"].value.append(more)
        for name in ("v.patch_embedding.weight", "mm.mm_input_projection.weight"):
            writer.add_tensor(name, np.zeros((4, 32), np.float32))

    config = CONFIGS["gemma3"] | dict(rope_theta=2e6)
    weights = random_model(config)
    model, read = imported(written(tmp_path / "m.gguf", "gemma3", config, weights, change=silent), tmp_path / "m")
    expect_same(model, weights)
    assert read["rms_norm_eps"] == 1e-6 and read["rope_theta"] == 2e6 and read["rope_local_base_freq"] == 1e4
    assert (read["rope_scaling"]["rope_type"], read["rope_scaling"]["factor"]) == ("linear", 8)


def rope_factors(scaling, size, theta):
    """As convert_hf_to_gguf.py computes Llama 3's."""
    frequencies = 1.0 / theta ** (np.arange(0, size, 2, dtype=np.float32) / size)
    low, high = (scaling["original_max_position_embeddings"] / scaling[f"{side}_freq_factor"] for side in ("low", "high"))
    out = []
    for wavelength in 2 * np.pi / frequencies:
        smooth = (scaling["original_max_position_embeddings"] / wavelength - 1) / 3
        out.append(1 if wavelength < high else scaling["factor"] if wavelength > low else 1 / ((1 - smooth) / scaling["factor"] + smooth))
    return np.array(out, dtype=np.float32)


@pytest.mark.parametrize("factor, size, theta", [(8.0, 128, 5e5), (32.0, 64, 5e5)])
def test_llama_3s_rope_is_found_again(factor, size, theta, tmp_path):
    config = CONFIGS["llama"] | dict(head_dim=size, rope_theta=theta)
    scaling = LLAMA3 | dict(factor=factor)
    factors = rope_factors(scaling, size, theta)
    path = written(tmp_path / "m.gguf", "llama", config, random_model(config), change=lambda w: w.add_tensor("rope_freqs.weight", factors))
    assert imported(path, tmp_path / "m")[1]["rope_scaling"] == scaling


def test_another_stretch_of_the_rope_is_refused(tmp_path):
    config = CONFIGS["llama"] | dict(head_dim=128, rope_theta=5e5)
    factors = np.linspace(1, 3, 64, dtype=np.float32)
    path = written(tmp_path / "m.gguf", "llama", config, random_model(config), change=lambda w: w.add_tensor("rope_freqs.weight", factors))
    with pytest.raises(ValueError, match="rope_freqs.weight stretches the rotary embedding in another way than Llama 3"):
        imported(path, tmp_path / "m")
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.gguf"]
