"""Weights as the models' makers publish them, against mlx-lm reading the same directory, or bit for bit what we make of MLX's own form of them."""

import json

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten
from mlx_lm.utils import load_model
from test_formats import save_modelopt, save_raw
from test_models import (
    FLOAT32_ERROR_MAX, GEMMA4_26B, GEMMA4_E2B, GPT_OSS, PREPROCESSOR, SEEING, TEXT_CONFIGS, build, cast, our_logits, reference_text, reference_vision, save,
    text_tokens, vision_case,
)

GEMMA4_WRAPPED = dict(model_type="gemma4", vocab_size=199, text_config=GEMMA4_26B)
NORMS = (".input_layernorm.weight", ".post_attention_layernorm.weight", "model.norm.weight", ".q_norm.weight", ".k_norm.weight")
MXFP4 = dict(group_size=32, bits=4, mode="mxfp4")


def parameters(model):
    return dict(tree_flatten(model.parameters()))


def without_wrapper(name):
    return "model.language_model." + name.removeprefix("language_model.model.") if name.startswith("language_model.model.") else name.removeprefix("language_model.")


def experts_together(weights, stacked, apart, join):
    """Gate and up of each layer's experts in one tensor. join: (gate, up, down) -> {name's end: tensor}."""
    out, layers = {}, {}
    for name, value in weights.items():
        if stacked in name:
            before, rest = name.split(stacked)
            layers.setdefault(before + apart, {})[rest] = value
        else:
            out[name] = value
    for before, parts in layers.items():
        out |= {before + end: value for end, value in join(parts).items()}
    return out


def halves(parts):
    return {"gate_up_proj": mx.concatenate([parts["gate_proj.weight"], parts["up_proj.weight"]], axis=-2), "down_proj": parts["down_proj.weight"]}


def by_turns(gate, up):
    return mx.stack([gate, up], axis=2).flatten(1, 2)


def qwen_as_published(model):
    out = {}
    for name, value in experts_together(parameters(model), "switch_mlp.", "experts.", halves).items():
        if name.endswith("conv1d.weight"):
            value = value.moveaxis(2, 1)
        if name.endswith(NORMS):
            value = value - 1
        out[without_wrapper(name)] = value
    return out | {f"{inside}mtp.fc.weight": mx.ones((4, 4)) for inside in ("", "model.language_model.")}


def gemma_as_published(model):
    out = experts_together(parameters(model), "experts.switch_glu.", "experts.", halves)
    others = ("model.vision_tower.x.weight", "model.embed_vision.x.weight")
    return {without_wrapper(name): value for name, value in out.items()} | {name: mx.ones((4, 4)) for name in others}


PUBLISHED = {"qwen3_5": (TEXT_CONFIGS["qwen3_5"], qwen_as_published), "qwen3_5_moe": (TEXT_CONFIGS["qwen3_5_moe"], qwen_as_published), "gemma4_26b": (GEMMA4_WRAPPED, gemma_as_published)}


def save_as(directory, config, weights):
    (directory / "config.json").write_text(json.dumps(config))
    mx.save_safetensors(str(directory / "model.safetensors"), weights)


@pytest.mark.parametrize("arithmetic", ["float32", "kernels"])
@pytest.mark.parametrize("name", PUBLISHED)
def test_names_norms_filters_and_experts_as_published(name, arithmetic, tmp_path):
    config, as_published = PUBLISHED[name]
    weights = as_published(build(config))
    known = tmp_path / "reference"
    known.mkdir()
    save_as(known, config, weights)
    theirs, _ = load_model(known)
    save_as(tmp_path, config, weights)
    expected = reference_text(theirs, text_tokens())
    assert np.abs(expected).max() > 0.5
    assert np.abs(our_logits(tmp_path, arithmetic, {"tokens": text_tokens()}) - expected).max() < FLOAT32_ERROR_MAX


@pytest.mark.parametrize("place", ["model.visual.", "model.language_model.visual."])
def test_a_tower_as_published(place, tmp_path):
    """Its patches' filters have PyTorch's order; where it is differs from maker to maker."""
    config = SEEING["qwen3_5"]
    model = build(config)
    files, tokens = vision_case(tmp_path)
    expected, _ = reference_vision(model, config, files, tokens)
    out = {}
    for name, value in qwen_as_published(model).items():
        if name.endswith("patch_embed.proj.weight"):
            value = value.moveaxis(4, 1)
        out[place + name.removeprefix("vision_tower.") if name.startswith("vision_tower.") else name] = value
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    save_as(tmp_path, config, out)
    assert np.abs(our_logits(tmp_path, "kernels", {"tokens": tokens, "images": files}) - expected).max() < FLOAT32_ERROR_MAX


@pytest.mark.parametrize("name", ["qwen3_5_moe", "gemma4_26b"])
def test_experts_in_one_tensor_of_bfloat16(name, tmp_path):
    """As they are published; the same numbers as those of MLX's form."""
    config = PUBLISHED[name][0]
    model = cast(build(config), mx.bfloat16)
    save(tmp_path, config, model)
    arithmetics = ("float32", "bfloat16", "kernels")
    expected = [our_logits(tmp_path, arithmetic, {"tokens": text_tokens()}) for arithmetic in arithmetics]
    stacked = "switch_mlp." if name == "qwen3_5_moe" else "experts.switch_glu."
    save_as(tmp_path, config, experts_together(parameters(model), stacked, "experts.", halves))
    for arithmetic, logits in zip(arithmetics, expected):
        assert np.array_equal(our_logits(tmp_path, arithmetic, {"tokens": text_tokens()}), logits), arithmetic


def gpt_oss_blocks(parts):
    """Nibbles in blocks of 32 numbers, gate's and up's rows by turns."""

    def blocks(words):
        return words.view(mx.uint8).reshape(*words.shape[:-1], -1, 16)

    return {
        "gate_up_proj_blocks": blocks(by_turns(parts["gate_proj.weight"], parts["up_proj.weight"])),
        "gate_up_proj_scales": by_turns(parts["gate_proj.scales"], parts["up_proj.scales"]),
        "gate_up_proj_bias": by_turns(parts["gate_proj.bias"], parts["up_proj.bias"]),
        "down_proj_blocks": blocks(parts["down_proj.weight"]), "down_proj_scales": parts["down_proj.scales"], "down_proj_bias": parts["down_proj.bias"],
    }


def gpt_oss_plain(parts):
    """As transformers has them: [expert, in, out]."""
    return {
        "gate_up_proj": mx.contiguous(by_turns(parts["gate_proj.weight"], parts["up_proj.weight"]).swapaxes(1, 2)),
        "gate_up_proj_bias": by_turns(parts["gate_proj.bias"], parts["up_proj.bias"]),
        "down_proj": mx.contiguous(parts["down_proj.weight"].swapaxes(1, 2)), "down_proj_bias": parts["down_proj.bias"],
    }


def test_gpt_oss_in_blocks_of_mxfp4(tmp_path):
    model = cast(build(GPT_OSS), mx.bfloat16)
    nn.quantize(model, **MXFP4, class_predicate=lambda path, module: ".experts." in path and hasattr(module, "to_quantized"))
    save(tmp_path, GPT_OSS, model, MXFP4)
    arithmetics = ("bfloat16", "kernels", "kernels16")
    of_mlx = [our_logits(tmp_path, arithmetic, {"tokens": text_tokens()}) for arithmetic in arithmetics]

    method = dict(quant_method="mxfp4", modules_to_not_convert=["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"])
    weights = experts_together(parameters(model), "experts.", "experts.", gpt_oss_blocks)
    assert weights["model.layers.0.mlp.experts.gate_up_proj_blocks"].shape == (6, 192, 2, 16)
    save_as(tmp_path, GPT_OSS | dict(quantization_config=method), weights)
    theirs, _ = load_model(tmp_path)
    expected = reference_text(cast(theirs, mx.float32), text_tokens())
    assert np.abs(expected).max() > 0.5
    assert np.abs(our_logits(tmp_path, "float32", {"tokens": text_tokens()}) - expected).max() < FLOAT32_ERROR_MAX
    for arithmetic, logits in zip(arithmetics, of_mlx):
        assert np.array_equal(our_logits(tmp_path, arithmetic, {"tokens": text_tokens()}), logits), arithmetic


def test_gpt_oss_that_is_not_quantized(tmp_path):
    model = cast(build(GPT_OSS), mx.bfloat16)
    save(tmp_path, GPT_OSS, model)
    arithmetics = ("float32", "kernels")
    expected = [our_logits(tmp_path, arithmetic, {"tokens": text_tokens()}) for arithmetic in arithmetics]
    assert np.abs(expected[0] - reference_text(cast(model, mx.float32), text_tokens())).max() < FLOAT32_ERROR_MAX
    save_as(tmp_path, GPT_OSS, experts_together(parameters(cast(model, mx.bfloat16)), "experts.", "experts.", gpt_oss_plain))
    for arithmetic, logits in zip(arithmetics, expected):
        assert np.array_equal(our_logits(tmp_path, arithmetic, {"tokens": text_tokens()}), logits), arithmetic


def test_the_same_weights_once_more_and_an_adapter_are_not_read(tmp_path):
    """Ministral-3 has both forms in one folder, without an index."""
    config, model = TEXT_CONFIGS["ministral3"], build(TEXT_CONFIGS["ministral3"])
    save(tmp_path, config, model)
    for file in ("consolidated.safetensors", "adapters.safetensors"):
        mx.save_safetensors(str(tmp_path / file), {"layers.0.attention.wq.weight": mx.ones((4, 4)), "lm_head.weight": mx.ones((4, 4))})
    expected = reference_text(load_model(tmp_path)[0], text_tokens())
    assert np.abs(our_logits(tmp_path, "float32", {"tokens": text_tokens()}) - expected).max() < FLOAT32_ERROR_MAX


def test_what_modelopt_says_beside_the_configuration(tmp_path):
    config = TEXT_CONFIGS["qwen3_moe"]
    save_modelopt(tmp_path, config, build(config))
    expected = our_logits(tmp_path, "kernels", {"tokens": text_tokens()})
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "hf_quant_config.json").write_text(json.dumps(dict(
        producer=dict(name="modelopt", version="0.40.0"),
        quantization=dict(quant_algo="NVFP4", kv_cache_quant_algo="FP8", group_size=16, exclude_modules=["lm_head"]))))
    assert np.array_equal(our_logits(tmp_path, "kernels", {"tokens": text_tokens()}), expected)


def modelopt_of_gemma(config, directory, more):
    """The layers in NVFP4 with a factor of one, which is what MLX's form means. Returns what we make of that form."""
    model = build(config)
    chosen = [path for path, module in model.named_modules() if path.endswith("_proj") and ".layers." in path and hasattr(module, "to_quantized")]
    nvfp4 = dict(group_size=16, bits=4, mode="nvfp4")
    nn.quantize(model, **nvfp4, class_predicate=lambda path, module: path in chosen)
    cast(model, mx.bfloat16)
    save(directory, config, model, nvfp4)
    expected = our_logits(directory, "kernels", {"tokens": text_tokens()})
    stored, weights = {}, parameters(model)
    for name, value in weights.items():
        path, _, part = name.rpartition(".")
        each = [(path, value)]
        if "experts.switch_glu." in name:
            before, projection = path.split("experts.switch_glu.")
            each = [(f"{before}moe.experts.{i}.{projection}", value[i]) for i in range(value.shape[0])]
        for to, of in each:
            if path not in chosen:
                stored[without_wrapper(name)] = ("BF16", of)
            elif part == "scales":
                stored |= nvfp4_scales(without_wrapper(to), of)
            else:
                stored[f"{without_wrapper(to)}.weight"] = ("U8", of.view(mx.uint8))
    save_raw(directory, config | dict(quantization_config=dict(quant_method="modelopt", quant_algo="NVFP4")), stored | more(stored))
    return expected


def nvfp4_scales(path, scales):
    one = ("F32", mx.array(1.0))
    return {f"{path}.weight_scale": ("F8_E4M3", scales), f"{path}.weight_scale_2": one, f"{path}.input_scale": one}


def test_gemmas_experts_of_modelopt(tmp_path):
    expected = modelopt_of_gemma(GEMMA4_WRAPPED, tmp_path, lambda stored: {})
    assert np.array_equal(our_logits(tmp_path, "kernels", {"tokens": text_tokens()}), expected)


def test_what_is_stored_of_layers_that_remember_nothing_is_quantized_too(tmp_path):
    def more(stored):
        """Keys and values of the last layer, which takes those of another."""
        out = {}
        for name, tensor in stored.items():
            if ".layers.1.self_attn.k_" in name or ".layers.1.self_attn.v_" in name:
                out[name.replace(".layers.1.", ".layers.5.")] = tensor
        for projection, scale in (("k_proj", "k_scale"), ("v_proj", "v_scale")):
            for layer in (1, 5):
                out[f"model.language_model.layers.{layer}.self_attn.{projection}.{scale}"] = ("F32", mx.array(0.5))
        assert any(name.endswith("5.self_attn.k_proj.weight_scale_2") for name in out)
        return out

    expected = modelopt_of_gemma(dict(model_type="gemma4", vocab_size=199, text_config=GEMMA4_E2B), tmp_path, more)
    assert np.array_equal(our_logits(tmp_path, "kernels", {"tokens": text_tokens()}), expected)
