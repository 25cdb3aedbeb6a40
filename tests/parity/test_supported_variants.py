"""Every member of transformers' configuration classes is read, or refused as a variant by name, or changes nothing.

A member that a new version of transformers adds fails the first test until somebody has looked at it.
"""

import json
import subprocess

import numpy as np
import pytest
from transformers import (
    Gemma3TextConfig, Gemma4TextConfig, GptOssConfig, LlamaConfig, MistralConfig, MixtralConfig, Phi3Config, Qwen2Config, Qwen3_5MoeTextConfig,
    Qwen3_5TextConfig, Qwen3Config, Qwen3MoeConfig, Qwen3NextConfig, SmolLM3Config,
)
from transformers.models.ministral3.configuration_ministral3 import Ministral3Config
from transformers.models.qwen3_vl.configuration_qwen3_vl import Qwen3VLTextConfig, Qwen3VLVisionConfig

from programs import program
from test_models import GEMMA3, GEMMA4_26B, GEMMA4_E2B, GPT_OSS, LLAMA, MIXTRAL, QWEN3, QWEN3_NEXT, QWEN3_MOE, TEXT_CONFIGS, VL, build, save, text_tokens, vision_case

READ, REFUSED, HARMLESS = "read", "refused", "harmless"  # read: another value gives other logits, or does not fit the tensors

# {member: (another value, what becomes of it)}
TEXT = {
    "vocab_size": (200, READ), "hidden_size": (128, READ), "intermediate_size": (96, READ), "num_hidden_layers": (1, READ),
    "num_attention_heads": (8, READ), "num_key_value_heads": (4, READ), "hidden_act": ("gelu", REFUSED), "max_position_embeddings": (300, HARMLESS),
    "initializer_range": (0.5, HARMLESS), "rms_norm_eps": (0.5, READ), "use_cache": (False, HARMLESS), "attention_dropout": (0.5, HARMLESS),
    "pad_token_id": (3, HARMLESS),
}
TOKENS = {"bos_token_id": (3, HARMLESS), "eos_token_id": (3, HARMLESS)}
ROPE = {"rope_theta": 300.0, "rope_type": "default"}
LLAMA_MEMBERS = TEXT | TOKENS | {
    "pretraining_tp": (2, HARMLESS), "tie_word_embeddings": (False, READ), "rope_parameters": (ROPE, READ), "attention_bias": (True, READ),
    "mlp_bias": (True, READ), "head_dim": (32, READ),
}
QWEN3_MEMBERS = TEXT | TOKENS | {
    "tie_word_embeddings": (True, READ), "rope_parameters": (ROPE, READ), "attention_bias": (True, REFUSED), "head_dim": (16, READ),
    "use_sliding_window": (True, READ), "sliding_window": (9, HARMLESS), "max_window_layers": (2, HARMLESS),
    "layer_types": (["full_attention", "sliding_attention", "full_attention"], READ),
}
VL_MEMBERS = TEXT | {"rope_parameters": (ROPE | {"partial_rotary_factor": 0.5}, REFUSED), "attention_bias": (True, REFUSED), "head_dim": (16, READ)}
def only(members, *names):
    return {name: members[name] for name in names}


SLIDES = only(QWEN3_MEMBERS, "use_sliding_window", "sliding_window", "layer_types")
WINDOW = {"sliding_window": (8, READ)}
UNUSED_WINDOW = dict(use_sliding_window=False, sliding_window=8, max_window_layers=1)
TRAINED = {"output_router_logits": (True, HARMLESS), "router_aux_loss_coef": (0.5, HARMLESS)}
QWEN2_MEMBERS = TEXT | TOKENS | SLIDES | {"max_window_layers": (2, HARMLESS), "tie_word_embeddings": (False, READ), "rope_parameters": (ROPE, READ)}
MISTRAL_MEMBERS = TEXT | TOKENS | WINDOW | {"head_dim": (16, READ), "tie_word_embeddings": (False, READ), "rope_parameters": (ROPE, READ)}
MINISTRAL3_MEMBERS = MISTRAL_MEMBERS | {"rope_parameters": (ROPE | {"llama_4_scaling_beta": 0.5, "original_max_position_embeddings": 8}, READ), "tie_word_embeddings": (True, READ)}
SMOLLM3_MEMBERS = TEXT | TOKENS | {
    "use_sliding_window": (True, REFUSED), "sliding_window": (8, HARMLESS), "no_rope_layers": ([1, 0, 1, 1, 1], READ), "no_rope_layer_interval": (2, READ), "attention_bias": (True, READ),
    "mlp_bias": (True, READ), "tie_word_embeddings": (False, READ), "rope_parameters": (ROPE, READ),
    "layer_types": (["full_attention", "sliding_attention"] + ["full_attention"] * 3, REFUSED)}
PHI3_MEMBERS = TEXT | TOKENS | WINDOW | {
    "tie_word_embeddings": (True, READ), "rope_parameters": (ROPE | {"partial_rotary_factor": 0.5}, READ), "resid_pdrop": (0.5, HARMLESS),
    "embd_pdrop": (0.5, HARMLESS), "original_max_position_embeddings": (8, HARMLESS)}
MIXTRAL_MEMBERS = TEXT | TOKENS | WINDOW | TRAINED | {
    "head_dim": (32, READ), "tie_word_embeddings": (True, READ), "rope_parameters": (ROPE, READ), "num_experts_per_tok": (1, READ),
    "num_local_experts": (2, READ), "router_jitter_noise": (0.5, HARMLESS)}
QWEN3_MOE_MEMBERS = TEXT | TOKENS | TRAINED | only(QWEN3_MEMBERS, "use_sliding_window", "sliding_window") | {
    "intermediate_size": (96, HARMLESS), "attention_bias": (True, REFUSED), "tie_word_embeddings": (True, READ), "rope_parameters": (ROPE, READ),
    "decoder_sparse_step": (2, READ), "moe_intermediate_size": (32, READ), "num_experts_per_tok": (2, READ), "num_experts": (4, READ),
    "norm_topk_prob": (False, READ), "mlp_only_layers": ([1], READ)}
GEMMA = {name: what for name, what in (TEXT | TOKENS).items() if name != "hidden_act"} | {
    "hidden_activation": ("silu", REFUSED), "head_dim": (16, READ), "attention_bias": (True, REFUSED), "tie_word_embeddings": (False, READ),
    "sliding_window": (9, READ), "layer_types": (["full_attention"] * 4, READ), "use_bidirectional_attention": (True, REFUSED)}
GEMMA3_MEMBERS = GEMMA | {
    "rope_parameters": ({"full_attention": ROPE, "sliding_attention": ROPE}, READ), "query_pre_attn_scalar": (48, READ),
    "final_logit_softcapping": (2.0, READ), "attn_logit_softcapping": (50.0, REFUSED), "tie_word_embeddings": (True, READ)}
GEMMA4_MEMBERS = GEMMA | {
    "rope_parameters": ({"full_attention": ROPE, "sliding_attention": ROPE}, READ), "final_logit_softcapping": (20.0, READ),
    "layer_types": (["full_attention"] * 6, READ), "vocab_size_per_layer_input": (200, READ), "hidden_size_per_layer_input": (16, READ),
    "attention_k_eq_v": (True, READ), "num_kv_shared_layers": (2, READ), "enable_moe_block": (True, READ), "use_double_wide_mlp": (False, READ),
    "use_bidirectional_attention": ("all", REFUSED), "num_experts": (4, HARMLESS), "top_k_experts": (1, HARMLESS), "moe_intermediate_size": (32, HARMLESS)}
GEMMA4_MIXTURE_MEMBERS = GEMMA4_MEMBERS | {
    "layer_types": (["full_attention"] * 4, READ), "attention_k_eq_v": (False, READ), "enable_moe_block": (False, READ), "use_double_wide_mlp": (True, HARMLESS),
    "vocab_size_per_layer_input": (200, HARMLESS), "num_experts": (4, READ), "top_k_experts": (1, READ), "moe_intermediate_size": (32, READ)}
STATES = {
    "linear_conv_kernel_dim": (3, READ), "linear_key_head_dim": (32, READ), "linear_value_head_dim": (16, READ), "linear_num_key_heads": (4, READ),
    "linear_num_value_heads": (8, READ), "layer_types": (["full_attention"] * 4, READ), "attention_bias": (True, READ), "head_dim": (16, READ),
    "rope_parameters": (ROPE | {"partial_rotary_factor": 0.5}, READ), "tie_word_embeddings": (True, READ)}
MIXTURE = {"moe_intermediate_size": (32, READ), "shared_expert_intermediate_size": (32, READ), "num_experts_per_tok": (1, READ), "num_experts": (4, READ)}
QWEN3_NEXT_MEMBERS = TEXT | TOKENS | TRAINED | STATES | MIXTURE | {
    "decoder_sparse_step": (2, READ), "norm_topk_prob": (False, READ), "mlp_only_layers": ([0], READ)}
QWEN3_5_MEMBERS = TEXT | TOKENS | STATES
QWEN3_5_MOE_MEMBERS = {name: what for name, what in (TEXT | TOKENS).items() if name != "intermediate_size"} | STATES | MIXTURE | TRAINED
GPT_OSS_MEMBERS = TEXT | TOKENS | TRAINED | {
    "intermediate_size": (64, READ),     "num_local_experts": (4, READ), "num_experts_per_tok": (1, READ), "head_dim": (16, READ), "sliding_window": (9, READ), "layer_types": (["full_attention"] * 4, READ),
    "tie_word_embeddings": (True, READ), "rope_parameters": (ROPE, READ), "swiglu_alpha": (1.0, REFUSED), "swiglu_limit": (5.0, REFUSED), "attention_bias": (False, REFUSED)}
TOWER_MEMBERS = {
    "depth": (2, READ), "hidden_size": (32, READ), "hidden_act": ("gelu", REFUSED), "intermediate_size": (64, READ), "num_heads": (2, READ),
    "in_channels": (4, READ), "patch_size": (8, READ), "spatial_merge_size": (1, READ), "temporal_patch_size": (1, READ), "out_hidden_size": (32, READ),
    "num_position_embeddings": (49, READ), "deepstack_visual_indexes": ([2, 0], READ), "initializer_range": (0.5, HARMLESS),
    "rope_parameters": ({"rope_type": "axial", "rope_theta": 100.0}, REFUSED),
}
PARTS = {  # class, a configuration, where in it the members stand, what becomes of each
    "llama": (LlamaConfig, LLAMA, None, LLAMA_MEMBERS),
    "qwen3": (Qwen3Config, QWEN3 | UNUSED_WINDOW, None, QWEN3_MEMBERS),
    "qwen2": (Qwen2Config, TEXT_CONFIGS["qwen2"] | UNUSED_WINDOW, None, QWEN2_MEMBERS),
    "mistral": (MistralConfig, TEXT_CONFIGS["mistral"], None, MISTRAL_MEMBERS),
    "ministral3": (Ministral3Config, TEXT_CONFIGS["ministral3"], None, MINISTRAL3_MEMBERS),
    "smollm3": (SmolLM3Config, TEXT_CONFIGS["smollm3"], None, SMOLLM3_MEMBERS),
    "phi3": (Phi3Config, TEXT_CONFIGS["phi3"], None, PHI3_MEMBERS),
    "mixtral": (MixtralConfig, MIXTRAL, None, MIXTRAL_MEMBERS),
    "qwen3_moe": (Qwen3MoeConfig, QWEN3_MOE | UNUSED_WINDOW, None, QWEN3_MOE_MEMBERS),
    "gemma3_text": (Gemma3TextConfig, GEMMA3, None, GEMMA3_MEMBERS),
    "gemma4_e2b": (Gemma4TextConfig, GEMMA4_E2B, None, GEMMA4_MEMBERS),
    "gemma4_26b": (Gemma4TextConfig, GEMMA4_26B, None, GEMMA4_MIXTURE_MEMBERS),
    "qwen3_next": (Qwen3NextConfig, QWEN3_NEXT, None, QWEN3_NEXT_MEMBERS),
    "qwen3_5": (Qwen3_5TextConfig, TEXT_CONFIGS["qwen3_5"], "text_config", QWEN3_5_MEMBERS),
    "qwen3_5_moe": (Qwen3_5MoeTextConfig, TEXT_CONFIGS["qwen3_5_moe"], "text_config", QWEN3_5_MOE_MEMBERS),
    "gpt_oss": (GptOssConfig, {name: value for name, value in GPT_OSS.items() if name != "rope_scaling"}, None, GPT_OSS_MEMBERS),
    "qwen3_vl": (Qwen3VLTextConfig, VL, "text_config", VL_MEMBERS),
    "tower": (Qwen3VLVisionConfig, VL, "vision_config", TOWER_MEMBERS),
}
# What these say is what is computed without them.
EQUAL = {
    "llama": {"hidden_act": "silu", "rope_interleaved": False, "rope_traditional": False, "sliding_window": None, "layer_types": ["full_attention"] * 3,
              "partial_rotary_factor": 1.0, "attention_multiplier": 0.25, "logits_scaling": 1.0, "num_local_experts": 0},
    "qwen3": {"hidden_act": "silu", "use_sliding_window": False, "sliding_window": None, "max_window_layers": 28, "attention_bias": False,
              "layer_types": ["full_attention"] * 3, "query_pre_attn_scalar": 32},
    "qwen2": {"hidden_act": "silu", "use_sliding_window": False, "sliding_window": 8, "layer_types": ["full_attention"] * 3},
    "mistral": {"hidden_act": "silu", "sliding_window": 512, "attention_bias": False},
    "ministral3": {"hidden_act": "silu", "sliding_window": None},
    "smollm3": {"hidden_act": "silu", "use_sliding_window": False, "layer_types": ["full_attention"] * 5, "no_rope_layer_interval": 4},
    "phi3": {"hidden_act": "silu", "sliding_window": 512, "partial_rotary_factor": 1.0, "attention_bias": False},
    "mixtral": {"hidden_act": "silu", "sliding_window": None},
    "qwen3_moe": {"hidden_act": "silu", "use_sliding_window": False, "decoder_sparse_step": 1, "mlp_only_layers": []},
    "gemma3_text": {"hidden_activation": "gelu_pytorch_tanh", "attention_bias": False, "final_logit_softcapping": None},
    "gemma4_e2b": {"hidden_activation": "gelu_pytorch_tanh", "use_bidirectional_attention": "vision", "enable_moe_block": False},
    "gemma4_26b": {"hidden_activation": "gelu_pytorch_tanh", "use_bidirectional_attention": None, "num_kv_shared_layers": 0},
    "qwen3_next": {"hidden_act": "silu", "attn_output_gate": True, "layer_types": ["linear_attention", "full_attention"] * 2},
    "qwen3_5": {"hidden_act": "silu", "attn_output_gate": True, "full_attention_interval": 2},
    "qwen3_5_moe": {"hidden_act": "silu", "attention_bias": False, "norm_topk_prob": True},
    "gpt_oss": {"swiglu_limit": 7.0, "swiglu_alpha": 1.702, "attention_bias": True},
    "qwen3_vl": {"hidden_act": "silu", "attention_bias": False, "use_final_norm": True},
    "tower": {"hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6, "rope_parameters": {"rope_type": "axial", "rope_theta": 10000.0}},
}


@pytest.mark.parametrize("part", PARTS)
def test_every_member_is_known(part):
    assert set(PARTS[part][0].__annotations__) == set(PARTS[part][3])


class Checkpoint:
    def __init__(self, part, directory):
        self.directory = directory
        _, self.config, self.where, self.members = PARTS[part]
        save(directory, self.config, build(self.config))
        if "vision_config" in self.config:
            files, tokens = vision_case(directory)
            self.request = {"tokens": tokens, "images": files}
        else:
            self.request = {"tokens": text_tokens()}

    def run(self, changes):
        """(logits or None, what was said) with members changed."""
        config = self.config | ({self.where: self.config[self.where] | changes} if self.where else changes)
        (self.directory / "config.json").write_text(json.dumps(config))
        run = subprocess.run([program("sanctum-logits"), self.directory, "kernels"], input=json.dumps(self.request).encode(), capture_output=True, timeout=120)
        assert run.returncode in (0, 1), run.stderr.decode()  # it did not crash
        return (np.frombuffer(run.stdout, dtype=np.float32) if run.returncode == 0 else None), run.stderr.decode()


@pytest.fixture(params=PARTS)
def checkpoint(request, tmp_path):
    made = Checkpoint(request.param, tmp_path)
    made.part = request.param
    return made


def test_what_changes_arithmetic_is_read_or_refused_by_name(checkpoint):
    expected, said = checkpoint.run({})
    assert expected is not None, said
    for member, (value, verdict) in checkpoint.members.items():
        logits, said = checkpoint.run({member: value})
        if verdict == HARMLESS:
            assert logits is not None and np.array_equal(logits, expected), (member, said)
        elif verdict == READ:
            assert logits is None or not np.array_equal(logits, expected), member
        else:
            assert logits is None and "supported" in said, member
            assert f"{checkpoint.where + '.' if checkpoint.where else ''}{member}" in said, (member, said)


def test_what_equals_our_arithmetic_is_accepted(checkpoint):
    expected, _ = checkpoint.run({})
    logits, said = checkpoint.run(EQUAL[checkpoint.part])
    assert logits is not None and np.array_equal(logits, expected), said


def changed(part, directory, changes, without=()):
    """(logits or None, what was said) of a configuration with members changed and others left out."""
    made = Checkpoint(part, directory)
    made.config = {name: value for name, value in made.config.items() if name not in without}
    return made.run(changes)


@pytest.mark.parametrize("part", [part for part in PARTS if part not in ("tower", "gemma4_e2b", "gemma4_26b")])
def test_a_member_of_one_layer_alone_is_refused(part, tmp_path):
    """transformers 5.23 has them in every class: a layer's own eps would have been accepted and not computed."""
    assert changed(part, tmp_path, {"per_layer_config": {}})[0] is not None
    logits, said = changed(part, tmp_path, {"per_layer_config": {"1": {"rms_norm_eps": 0.5}}})
    assert logits is None and "per_layer_config" in said and "supported" in said, said


@pytest.mark.parametrize("part", ["gemma4_e2b", "gemma4_26b"])
def test_gemma_4_as_transformers_writes_it_since_5_23(part, tmp_path):
    expected, _ = changed(part, tmp_path, {})
    config = PARTS[part][1]
    own = {"head_dim": config["global_head_dim"]} | ({"num_key_value_heads": config["num_global_key_value_heads"]} if "num_global_key_value_heads" in config else {})
    layers = {str(at): own for at, kind in enumerate(config["layer_types"]) if kind == "full_attention"}
    gone = ("global_head_dim", "num_global_key_value_heads")
    logits, said = changed(part, tmp_path, {"per_layer_config": layers}, gone)
    assert logits is not None and np.array_equal(logits, expected), said
    for wrong in ({"0": own}, layers | {"1": own | {"rms_norm_eps": 0.5}}, {"1": own}, layers | {"1": {"head_dim": 32}}):
        logits, said = changed(part, tmp_path, {"per_layer_config": wrong}, gone)
        assert logits is None and "per_layer_config" in said, (wrong, said)


def test_hybrids_turn_a_quarter_of_a_head_where_nothing_is_said(tmp_path):
    expected, _ = changed("qwen3_next", tmp_path, {})
    logits, said = changed("qwen3_next", tmp_path, {}, ["partial_rotary_factor"])
    assert logits is not None and np.array_equal(logits, expected), said
    assert "rope_theta" in changed("qwen3_next", tmp_path, {}, ["rope_theta"])[1]


def test_a_phi_3_of_another_rope_type_is_refused(tmp_path):
    """transformers reads "yarn" as longrope there: it was computed as YaRN."""
    assert "longrope" in changed("phi3", tmp_path, {"rope_scaling": {"type": "yarn", "factor": 4.0}})[1]
    long = {"short_factor": [1.0] * 8, "long_factor": [2.0] * 8}
    old, said = changed("phi3", tmp_path, {"rope_scaling": long | {"type": "su"}, "original_max_position_embeddings": 32})
    assert old is not None, said
    both, said = changed("phi3", tmp_path, {"rope_scaling": long | {"type": "su", "rope_type": "longrope"}, "original_max_position_embeddings": 32})
    assert both is not None and np.array_equal(both, old), said


def test_a_theta_beside_a_scaling_is_read(tmp_path):
    scaling = {"rope_scaling": {"rope_type": "linear", "factor": 2.0}}
    expected, _ = changed("llama", tmp_path, scaling | {"rope_theta": 300.0})
    logits, said = changed("llama", tmp_path, scaling | {"rope_parameters": {"rope_theta": 300.0}}, ["rope_theta"])
    assert logits is not None and np.array_equal(logits, expected), said
