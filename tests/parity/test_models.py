"""Logits of every architecture against mlx-lm and mlx-vlm, on tiny random models.

float32: the largest absolute difference is below 1e-3. bfloat16 and quantized bfloat16: our distance
from the float32 reference is at most twice the reference's own distance in the same dtype, which is
its rounding. Our kernels compute in float32: the same bound on float32 weights, also quantized ones that
meet 16-bit activations. They keep keys and values in the weights' type: with bfloat16 ones they are at
most as far off as the reference in bfloat16, with 8-bit activations a few times that. No chunk border
changes a bit of theirs.
"""

import json
import subprocess

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten, tree_map
from PIL import Image

from programs import ROOT, program

FLOAT32_ERROR_MAX = 1e-3
ROUNDING_FACTOR = 2.0
# What `sanctum models architectures` says is proven. On a CPU, mlx-lm multiplies experts that are not quantized in float32 alone.
PROVEN = {line.split()[0]: line.split()[1:] for line in (ROOT / "src" / "models" / "proven.txt").read_text().splitlines()}
BITS = {"bfloat16": None, "4-bit": 4, "8-bit": 8}
EIGHT_BIT_ROUNDING_FACTOR = 4.0  # 8-bit activations, against bfloat16's rounding

LLAMA = dict(
    model_type="llama", hidden_size=64, num_hidden_layers=3, intermediate_size=160, num_attention_heads=4,
    num_key_value_heads=2, rms_norm_eps=1e-5, vocab_size=199, max_position_embeddings=512, rope_theta=10000.0,
    tie_word_embeddings=True,
)
QWEN3 = dict(
    model_type="qwen3", hidden_size=64, num_hidden_layers=3, intermediate_size=160, num_attention_heads=4,
    num_key_value_heads=2, rms_norm_eps=1e-6, vocab_size=199, max_position_embeddings=512, rope_theta=1e6,
    head_dim=32, tie_word_embeddings=False,
)
YARN = dict(type="yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=4.0, beta_slow=1.0)
MISTRAL = {key: value for key, value in LLAMA.items() if key != "rope_theta"} | dict(
    model_type="ministral3", head_dim=32, tie_word_embeddings=False,
    rope_parameters=YARN | dict(rope_theta=1e6, mscale=1.0, mscale_all_dim=1.0, llama_4_scaling_beta=0.3))
PHI3 = LLAMA | dict(model_type="phi3", tie_word_embeddings=False)
LONG_ROPE = dict(type="longrope", short_factor=[1.0, 1.1, 1.2, 1.3, 1.5, 1.7], long_factor=[1.0, 1.5, 2.0, 4.0, 7.0, 9.0])
QWEN3_MOE = QWEN3 | dict(model_type="qwen3_moe", num_experts=8, num_experts_per_tok=3, moe_intermediate_size=64, decoder_sparse_step=1,
                         mlp_only_layers=[], norm_topk_prob=True)
MIXTRAL = LLAMA | dict(model_type="mixtral", num_local_experts=4, num_experts_per_tok=2, tie_word_embeddings=False)
GEMMA3 = dict(
    model_type="gemma3_text", hidden_size=64, num_hidden_layers=4, intermediate_size=160, num_attention_heads=4, num_key_value_heads=2,
    head_dim=32, rms_norm_eps=1e-6, vocab_size=199, max_position_embeddings=512, rope_theta=1e6, rope_local_base_freq=1e4,
    query_pre_attn_scalar=24, sliding_window=8, sliding_window_pattern=3,
)
GEMMA4_ROPE = dict(
    full_attention=dict(rope_type="proportional", partial_rotary_factor=0.25, rope_theta=1e6),
    sliding_attention=dict(rope_type="default", rope_theta=1e4))
GEMMA4 = dict(
    model_type="gemma4_text", hidden_size=64, num_hidden_layers=4, intermediate_size=160, num_attention_heads=4, num_key_value_heads=2,
    head_dim=32, global_head_dim=64, rms_norm_eps=1e-6, vocab_size=199, vocab_size_per_layer_input=199, max_position_embeddings=512,
    rope_parameters=GEMMA4_ROPE, sliding_window=8, layer_types=["sliding_attention", "full_attention"] * 2, num_kv_shared_layers=0,
    hidden_size_per_layer_input=0, use_double_wide_mlp=False, final_logit_softcapping=30.0, tie_word_embeddings=True,
)
GEMMA4_31B = GEMMA4 | dict(attention_k_eq_v=True, num_global_key_value_heads=1)
GEMMA4_26B = GEMMA4_31B | dict(enable_moe_block=True, num_experts=6, top_k_experts=2, moe_intermediate_size=64)
GEMMA4_E2B = GEMMA4 | dict(num_hidden_layers=6, layer_types=["sliding_attention", "full_attention"] * 3, num_kv_shared_layers=3,
                           hidden_size_per_layer_input=32, use_double_wide_mlp=True)
HYBRID = dict(
    hidden_size=64, num_hidden_layers=4, intermediate_size=160, num_attention_heads=4, num_key_value_heads=2, head_dim=32, rms_norm_eps=1e-6,
    vocab_size=199, max_position_embeddings=512, linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=16,
    linear_value_head_dim=32, linear_conv_kernel_dim=4, full_attention_interval=2, tie_word_embeddings=False)
HYBRID_MOE = dict(num_experts=6, num_experts_per_tok=2, moe_intermediate_size=64, shared_expert_intermediate_size=96, norm_topk_prob=True)
QWEN3_NEXT = HYBRID | HYBRID_MOE | dict(model_type="qwen3_next", decoder_sparse_step=1, mlp_only_layers=[1], rope_theta=1e6, partial_rotary_factor=0.25)
QWEN3_5_ROPE = dict(rope_parameters=dict(type="default", mrope_section=[2, 1, 1], mrope_interleaved=True, rope_theta=1e5, partial_rotary_factor=0.25))
QWEN3_5 = HYBRID | QWEN3_5_ROPE | dict(model_type="qwen3_5_text")
GPT_OSS = dict(
    model_type="gpt_oss", hidden_size=64, num_hidden_layers=4, intermediate_size=96, num_attention_heads=4, num_key_value_heads=2, head_dim=32,
    rms_norm_eps=1e-5, vocab_size=199, max_position_embeddings=512, sliding_window=8, num_local_experts=6, num_experts_per_tok=2, rope_theta=150000,
    rope_scaling=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=4.0, beta_slow=1.0),
    layer_types=["sliding_attention", "full_attention"] * 2, tie_word_embeddings=False)
TEXT_CONFIGS = {
    "llama": LLAMA,
    "llama_untied_biased": LLAMA | dict(tie_word_embeddings=False, attention_bias=True, mlp_bias=True),
    "llama3_rope": LLAMA | dict(
        head_dim=64, rope_theta=500000.0,
        rope_scaling=dict(rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0,
                          original_max_position_embeddings=64)),
    "llama_linear_rope": LLAMA | dict(rope_scaling=dict(type="linear", factor=2.0)),
    "gemma3_text": GEMMA3,
    "gemma3": dict(model_type="gemma3", vocab_size=199, text_config=GEMMA3 | dict(rope_scaling=dict(rope_type="linear", factor=8.0))),
    "gemma4_text": GEMMA4_31B,
    "gemma4_26b": GEMMA4_26B,
    "gemma4_e2b": GEMMA4_E2B,
    "gemma4_odd": GEMMA4 | dict(hidden_size=96),  # whose root is no bfloat16
    "gemma4": dict(model_type="gemma4", vocab_size=199, text_config=GEMMA4_E2B | dict(tie_word_embeddings=True)),
    "llama_windows": LLAMA | dict(model_type="mistral", sliding_window=8, layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
    "qwen3_next": QWEN3_NEXT,
    "qwen3_5": dict(model_type="qwen3_5", text_config=QWEN3_5),
    "qwen3_5_moe": dict(model_type="qwen3_5_moe", text_config=QWEN3_5 | HYBRID_MOE),
    "qwen3_5_text": QWEN3_5,
    "qwen3_5_moe_text": QWEN3_5 | HYBRID_MOE | dict(model_type="qwen3_5_moe_text"),
    "gpt_oss": GPT_OSS,
    "qwen3": QWEN3,
    "qwen3_tied": QWEN3 | dict(tie_word_embeddings=True, head_dim=16),
    "qwen2": LLAMA | dict(model_type="qwen2", rope_theta=1e6),
    "qwen2_yarn": LLAMA | dict(model_type="qwen2", rope_scaling=YARN),
    "mistral": LLAMA | dict(model_type="mistral", head_dim=32, sliding_window=None),
    "ministral3": MISTRAL,
    "mistral3": dict(model_type="mistral3", vocab_size=199, text_config=MISTRAL),
    "smollm3": LLAMA | dict(model_type="smollm3", num_hidden_layers=5, rope_theta=2e6),
    "smollm3_listed": LLAMA | dict(model_type="smollm3", no_rope_layers=[0, 1, 1]),
    "qwen3_moe": QWEN3_MOE,
    "qwen3_moe_some": QWEN3_MOE | dict(num_hidden_layers=5, decoder_sparse_step=2, mlp_only_layers=[3], norm_topk_prob=False),
    "mixtral": MIXTRAL,
    "phi3": PHI3,
    "phi3_partial": PHI3 | dict(partial_rotary_factor=0.75),
    "phi3_long": PHI3 | dict(partial_rotary_factor=0.75, original_max_position_embeddings=32, rope_scaling=LONG_ROPE),
}
VL = dict(
    model_type="qwen3_vl", image_token_id=190, video_token_id=191, vision_start_token_id=192,
    vision_end_token_id=193, vocab_size=199,
    text_config=dict(
        model_type="qwen3_vl_text", hidden_size=64, num_hidden_layers=4, intermediate_size=160,
        num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-6, vocab_size=199, head_dim=32,
        rope_theta=5e6, max_position_embeddings=512, tie_word_embeddings=True,
        rope_scaling=dict(rope_type="default", mrope_section=[6, 5, 5], mrope_interleaved=True)),
    vision_config=dict(
        model_type="qwen3_vl", depth=3, hidden_size=64, intermediate_size=128, out_hidden_size=64, num_heads=4,
        patch_size=16, spatial_merge_size=2, temporal_patch_size=2, in_channels=3, num_position_embeddings=36,
        deepstack_visual_indexes=[0, 2]),
)
# The language models alone, which mlx-lm has inside their wrapper.
INSIDE = ("qwen3_5_text", "qwen3_5_moe_text")
QWEN3_5_VL = VL | dict(model_type="qwen3_5", text_config=QWEN3_5, vision_config=VL["vision_config"] | dict(model_type="qwen3_5", deepstack_visual_indexes=[]))
TEXT_CONFIGS["qwen3_vl_without_tower"] = {key: VL[key] for key in VL if key != "vision_config"}  # as mlx_lm converts it
SEEING = {"qwen3_vl": VL, "qwen3_5": QWEN3_5_VL, "qwen3_5_moe": QWEN3_5_VL | dict(model_type="qwen3_5_moe", text_config=QWEN3_5 | HYBRID_MOE)}
PREPROCESSOR = dict(
    patch_size=16, temporal_patch_size=2, merge_size=2, min_pixels=64 * 64, max_pixels=160 * 160,
    image_mean=[0.5, 0.5, 0.5], image_std=[0.5, 0.5, 0.5], image_processor_type="Qwen2VLImageProcessor",
)


def build(config):
    import importlib

    if "vision_config" in config:
        module = importlib.import_module("mlx_vlm.models." + config["model_type"])
        arguments = module.ModelConfig.from_dict(json.loads(json.dumps(config)))
    else:
        kind = config["model_type"]
        if kind in INSIDE:
            kind = kind.removesuffix("_text")
            config = dict(model_type=kind, text_config=config)
        module = importlib.import_module("mlx_lm.models." + {"mistral": "llama"}.get(kind, kind))
        arguments = module.ModelArgs.from_dict(config)
    model = module.Model(arguments)
    # Larger than usual weights, so that no layer's contribution disappears in the tolerance.
    keys = iter(mx.random.split(mx.random.key(7), 1000))
    model.update(tree_map(lambda p: 0.12 * mx.random.normal(p.shape, key=next(keys)) + (p.ndim == 1), model.parameters()))
    return model


def cast(model, dtype):
    model.update(tree_map(lambda p: p.astype(dtype) if mx.issubdtype(p.dtype, mx.floating) else p, model.parameters()))
    return model


def exactly(model):
    """In float32, but for the factors of Gemma 4's embeddings, which are rounded as its weights are."""
    for module in model.modules():
        for name in ("embed_scale", "embed_tokens_per_layer_scale"):
            if hasattr(module, name):
                setattr(module, name, mx.array(getattr(module, name)).astype(mx.bfloat16).item())
    return cast(model, mx.float32)


def save(directory, config, model, quantization=None):
    stored = dict(config)
    if quantization:
        stored["quantization"] = quantization
    (directory / "config.json").write_text(json.dumps(stored))
    (directory / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    weights = tree_flatten(model.parameters())
    if config["model_type"] in INSIDE:
        weights = [(name.removeprefix("language_model."), weight) for name, weight in weights]
    mx.save_safetensors(str(directory / "model.safetensors"), dict(weights))


def our_logits(directory, dtype, request):
    run = subprocess.run([program("sanctum-logits"), directory, dtype], input=json.dumps(request).encode(),
                         capture_output=True, timeout=120)
    assert run.returncode == 0, run.stderr.decode()
    return np.frombuffer(run.stdout, dtype=np.float32).reshape(-1, 199)


def text_tokens(n=41):
    return np.random.default_rng(3).integers(0, 180, n).tolist()


def reference_text(model, tokens):
    logits = model(mx.array([tokens]))
    logits = getattr(logits, "logits", logits)
    return np.array(logits[0].astype(mx.float32))


@pytest.mark.parametrize("arithmetic", ["float32", "kernels"])
@pytest.mark.parametrize("chunks", [None, [16, 1, 1, 20, 3]], ids=["whole", "chunked"])
@pytest.mark.parametrize("name", TEXT_CONFIGS)
def test_float32(name, chunks, arithmetic, tmp_path):
    model = build(TEXT_CONFIGS[name])
    save(tmp_path, TEXT_CONFIGS[name], model)
    tokens = text_tokens()
    request = {"tokens": tokens} | ({"chunks": chunks} if chunks else {})
    ours = our_logits(tmp_path, arithmetic, request)
    expected = reference_text(model, tokens)
    assert np.abs(expected).max() > 0.5
    assert np.abs(ours - expected).max() < FLOAT32_ERROR_MAX


def test_what_is_said_to_be_proven_is_what_is_tested_here():
    told = json.loads(subprocess.run([program("sanctum-engine"), "--architectures"], capture_output=True, timeout=60, check=True).stdout)
    assert {one["name"]: one["proven"] for one in told["architectures"]} == PROVEN
    in_float32 = {config["model_type"] for config in [*TEXT_CONFIGS.values(), VL]}
    assert in_float32 == {name for name, numbers in PROVEN.items() if "float32" in numbers}
    assert {name for name, numbers in PROVEN.items() if set(numbers) - {"float32"}} <= {*TEXT_CONFIGS, "qwen3_vl"}, "each has a config of its own name"
    assert set().union(*PROVEN.values()) == {"float32", *BITS}


@pytest.mark.parametrize("arithmetic", ["float32", "kernels"])
def test_a_longropes_short_sequences_turn_by_their_own_factors(arithmetic, tmp_path):
    """mlx-lm has the long ones for all."""
    config = TEXT_CONFIGS["phi3_long"]
    as_reference = config | dict(rope_scaling=LONG_ROPE | dict(long_factor=LONG_ROPE["short_factor"]))
    model = build(as_reference)
    save(tmp_path, config, model)
    tokens = text_tokens(32)
    assert np.abs(our_logits(tmp_path, arithmetic, {"tokens": tokens}) - reference_text(model, tokens)).max() < FLOAT32_ERROR_MAX


@pytest.mark.parametrize("arithmetic", ["float32", "kernels"])
def test_gemma_3s_logits_are_bounded_where_it_says_so(arithmetic, tmp_path):
    """As transformers' Gemma3ForCausalLM bounds them; mlx-lm has no bound."""
    cap = 2.0
    model = build(GEMMA3)
    save(tmp_path, GEMMA3 | dict(final_logit_softcapping=cap), model)
    tokens = text_tokens()
    unbounded = reference_text(model, tokens)
    assert np.abs(unbounded).max() > cap, "it matters"
    assert np.abs(our_logits(tmp_path, arithmetic, {"tokens": tokens}) - cap * np.tanh(unbounded / cap)).max() < FLOAT32_ERROR_MAX


@pytest.mark.parametrize("bits", [None, 4, 8])
def test_with_our_kernels_no_chunk_border_changes_a_bit(bits, tmp_path):
    model = cast(build(QWEN3), mx.bfloat16)
    quantization = {"group_size": 32, "bits": bits} if bits else None
    if bits:
        nn.quantize(model, **quantization)
    save(tmp_path, QWEN3, model, quantization)
    tokens = text_tokens(150)
    whole = our_logits(tmp_path, "kernels", {"tokens": tokens})
    chunked = our_logits(tmp_path, "kernels", {"tokens": tokens, "chunks": [1, 16, 47, 1, 64, 21]})
    assert np.array_equal(whole, chunked)


MORE = [("gemma4_odd", "bfloat16"), ("gemma4_odd", "4-bit"), ("gemma4_e2b", "bfloat16"), ("gemma4_e2b", "4-bit"), ("gemma4_26b", "4-bit"), ("gemma4_26b", "8-bit")]


@pytest.mark.parametrize("name, numbers", [(name, numbers) for name in TEXT_CONFIGS for numbers in PROVEN.get(name, ()) if numbers != "float32"] + MORE)
def test_bfloat16_and_quantized(name, numbers, tmp_path):
    bits = BITS[numbers]
    model = build(TEXT_CONFIGS[name])
    quantization = None
    if bits:
        quantization = {"group_size": 32, "bits": bits}
        nn.quantize(model, **quantization)
    tokens = text_tokens()
    cast(model, mx.bfloat16)  # the weights that both sides see
    save(tmp_path, TEXT_CONFIGS[name], model, quantization)
    low = reference_text(model, tokens)
    exact = reference_text(exactly(model), tokens)

    assert np.abs(our_logits(tmp_path, "float32", {"tokens": tokens}) - exact).max() < FLOAT32_ERROR_MAX
    ours = our_logits(tmp_path, "bfloat16", {"tokens": tokens})
    rounding = np.sqrt(np.mean((low - exact) ** 2))
    assert rounding > 0
    assert np.sqrt(np.mean((ours - exact) ** 2)) < ROUNDING_FACTOR * rounding

    kernels16 = our_logits(tmp_path, "kernels16", {"tokens": tokens})
    assert np.sqrt(np.mean((kernels16 - exact) ** 2)) < rounding
    kernels = our_logits(tmp_path, "kernels", {"tokens": tokens})
    assert np.sqrt(np.mean((kernels - exact) ** 2)) < EIGHT_BIT_ROUNDING_FACTOR * rounding


def experts_apart(weights, stacked, apart, names):
    """As transformers stores them: each expert by itself, under its own names."""
    out = {}
    for key, value in weights.items():
        if stacked not in key:
            out[key] = value
            continue
        before, rest = key.split(stacked)
        name, part = rest.split(".")
        for expert in range(value.shape[0]):
            out[f"{before}{apart}.{expert}.{names[name]}.{part}"] = value[expert]
    return out


@pytest.mark.parametrize("bits", [None, 4])
@pytest.mark.parametrize("name, names", [("qwen3_moe", ["gate_proj", "up_proj", "down_proj"]), ("mixtral", ["w1", "w3", "w2"])])
def test_experts_that_are_stored_one_by_one(name, names, bits, tmp_path):
    config, model = TEXT_CONFIGS[name], build(TEXT_CONFIGS[name])
    quantization = {"group_size": 32, "bits": bits} if bits else None
    if bits:
        nn.quantize(model, **quantization)
    tokens = text_tokens()
    save(tmp_path, config, model, quantization)
    expected = {arithmetic: our_logits(tmp_path, arithmetic, {"tokens": tokens}) for arithmetic in ("float32", "kernels")}
    apart = experts_apart(dict(tree_flatten(model.parameters())), "switch_mlp.", "experts", dict(zip(["gate_proj", "up_proj", "down_proj"], names)))
    mx.save_safetensors(str(tmp_path / "model.safetensors"), apart)
    for arithmetic, logits in expected.items():
        assert np.array_equal(our_logits(tmp_path, arithmetic, {"tokens": tokens}), logits)


@pytest.mark.parametrize("arithmetic", ["float32", "kernels16"])
def test_experts_whose_gate_and_up_are_quantized_differently(arithmetic, tmp_path):
    config, model, own = QWEN3_MOE, build(QWEN3_MOE), {}

    def format_of(path, module):
        if not hasattr(module, "to_quantized"):
            return False
        if path.endswith("switch_mlp.up_proj"):
            own[path] = {"group_size": 64, "bits": 8}
        return own.get(path, True)

    nn.quantize(model, group_size=32, bits=4, class_predicate=format_of)
    save(tmp_path, config, model, {"group_size": 32, "bits": 4} | own)
    tokens = text_tokens()
    assert own
    assert np.abs(our_logits(tmp_path, arithmetic, {"tokens": tokens}) - reference_text(model, tokens)).max() < FLOAT32_ERROR_MAX


def test_layers_of_their_own_quantization_have_the_names_of_their_tensors(tmp_path):
    """A wrapper's tensors are renamed; its head was read as 4-bit, because the configuration's name for it was not."""
    config = TEXT_CONFIGS["mistral3"]
    model = build(config)
    nn.quantize(model, group_size=32, bits=4, class_predicate=lambda path, module: {"group_size": 64, "bits": 8} if path.endswith("lm_head") else hasattr(module, "to_quantized"))
    save(tmp_path, config, model, {"group_size": 32, "bits": 4, "language_model.lm_head": {"group_size": 64, "bits": 8}})
    tokens = text_tokens()
    assert np.abs(our_logits(tmp_path, "kernels16", {"tokens": tokens}) - reference_text(model, tokens)).max() < FLOAT32_ERROR_MAX


@pytest.mark.parametrize("group_size", [32, 64])
@pytest.mark.parametrize("bits", [4, 8])
def test_our_kernels_on_quantized_float32(bits, group_size, tmp_path):
    config = LLAMA | dict(intermediate_size=192)
    model = build(config)
    nn.quantize(model, bits=bits, group_size=group_size)
    save(tmp_path, config, model, {"group_size": group_size, "bits": bits})
    tokens = text_tokens()
    expected = reference_text(model, tokens)
    assert np.abs(our_logits(tmp_path, "kernels16", {"tokens": tokens}) - expected).max() < FLOAT32_ERROR_MAX


def vision_case(tmp_path):
    random = np.random.default_rng(11)
    files = []
    for i, (width, height) in enumerate([(70, 131), (1, 1)]):
        path = tmp_path / f"{i}.png"
        Image.fromarray(random.integers(0, 255, (height, width, 3), dtype=np.uint8)).save(path)
        files.append(str(path))
    text = text_tokens(12)
    tokens = text[:3] + [192, 190, 193] + text[3:8] + [192, 190, 193] + text[8:]
    return files, tokens


def reference_vision(model, config, files, tokens):
    from mlx_vlm.models.qwen3_vl.processing_qwen3_vl import Qwen3VLImageProcessor

    processor = Qwen3VLImageProcessor(**{k: v for k, v in PREPROCESSOR.items() if k != "image_processor_type"})
    out = processor([Image.open(f).convert("RGB") for f in files])
    grids = np.array(out["image_grid_thw"])
    expanded, image = [], 0
    for token in tokens:
        if token == config["image_token_id"]:
            t, h, w = grids[image]
            expanded += [token] * int(t * h * w // 4)
            image += 1
        else:
            expanded.append(token)
    logits = model(mx.array([expanded]), pixel_values=mx.array(np.array(out["pixel_values"])),
                   mask=mx.ones((1, len(expanded)), dtype=mx.int32), image_grid_thw=mx.array(grids))
    return np.array(logits.logits[0].astype(mx.float32)), len(expanded)


def without(config, *names):
    return {key: value for key, value in config.items() if key not in names}


@pytest.mark.parametrize("tied", [True, False])
def test_a_llama_that_does_not_say_whether_it_is_tied(tied, tmp_path):
    """The stored head decides."""
    model = build(LLAMA | dict(tie_word_embeddings=tied))
    save(tmp_path, without(LLAMA, "tie_word_embeddings"), model)
    tokens = text_tokens()
    assert np.abs(our_logits(tmp_path, "float32", {"tokens": tokens}) - reference_text(model, tokens)).max() < FLOAT32_ERROR_MAX


def check_vision(model, config, directory):
    files, tokens = vision_case(directory)
    expected, _ = reference_vision(model, VL, files, tokens)
    save(directory, config, model)
    assert np.abs(our_logits(directory, "float32", {"tokens": tokens, "images": files}) - expected).max() < FLOAT32_ERROR_MAX


def test_tied_at_the_top_level_only(tmp_path):
    """Where transformers 5 writes it."""
    config = VL | dict(tie_word_embeddings=True, text_config=without(VL["text_config"], "tie_word_embeddings"))
    check_vision(build(VL), config, tmp_path)


def test_the_default_mrope_section(tmp_path):
    config = VL | dict(text_config=without(VL["text_config"], "rope_scaling") | dict(head_dim=128))
    check_vision(build(config), config, tmp_path)


@pytest.mark.parametrize("arithmetic", ["float32", "kernels"])
@pytest.mark.parametrize("name, numbers", [(name, numbers) for name in SEEING for numbers in ("float32", "8-bit")])
def test_vision_language(name, numbers, arithmetic, tmp_path):
    bits = None if numbers == "float32" else BITS[numbers]
    config = SEEING[name]
    model = build(config)
    quantization = None
    if bits:
        quantization = {"group_size": 32, "bits": bits}
        nn.quantize(model, **quantization, class_predicate=lambda p, m: hasattr(m, "to_quantized") and "pos_embed" not in p)
    save(tmp_path, config, model, quantization)
    files, tokens = vision_case(tmp_path)
    expected, length = reference_vision(model, config, files, tokens)
    whole = our_logits(tmp_path, arithmetic, {"tokens": tokens, "images": files})
    assert whole.shape == expected.shape
    assert np.abs(whole - expected).max() < FLOAT32_ERROR_MAX
    # A chunk border inside a picture changes nothing.
    chunked = our_logits(tmp_path, arithmetic,
                         {"tokens": tokens, "images": files, "chunks": [7, 5, length - 14, 1, 1]})
    assert np.abs(chunked - expected).max() < FLOAT32_ERROR_MAX


@pytest.mark.parametrize("name", ["qwen3_5", "qwen3_5_moe"])
def test_a_tower_that_a_converter_left_out_is_not_missed(name, tmp_path):
    """mlx-lm's own copies keep the configuration whole, and no tower."""
    config = SEEING[name]
    model = build(TEXT_CONFIGS[name])
    save(tmp_path, config, model)
    tokens = text_tokens()
    assert np.abs(our_logits(tmp_path, "kernels", {"tokens": tokens}) - reference_text(model, tokens)).max() < FLOAT32_ERROR_MAX


@pytest.mark.parametrize("name", SEEING)
def test_the_picture_matters(name, tmp_path):
    """Without this, two sides that both ignore the picture would agree."""
    save(tmp_path, SEEING[name], build(SEEING[name]))
    files, tokens = vision_case(tmp_path)
    first = our_logits(tmp_path, "float32", {"tokens": tokens, "images": files})
    Image.new("RGB", (70, 131), (255, 0, 0)).save(files[0])
    second = our_logits(tmp_path, "float32", {"tokens": tokens, "images": files})
    assert np.abs(first - second).max() > 0.05
