"""Tiny random models whose layers remember in every way there is: all tokens, a window, a state, with experts."""

import importlib
import json
import shutil

import mlx.core as mx
from mlx.utils import tree_flatten

from programs import SMOKE_MODEL

VOCABULARY = 1024  # the built-in model's tokenizer's
COMMON = dict(hidden_size=64, num_hidden_layers=2, intermediate_size=64, num_attention_heads=2, num_key_value_heads=1, head_dim=32, rms_norm_eps=1e-6,
              vocab_size=VOCABULARY, rope_theta=10000.0, max_position_embeddings=32768)
FAMILIES = {
    "qwen3": dict(tie_word_embeddings=False),
    "gemma3_text": dict(sliding_window=512, sliding_window_pattern=2, query_pre_attn_scalar=32),
    "qwen3_next": dict(linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=32, linear_value_head_dim=32, linear_conv_kernel_dim=4,
                       full_attention_interval=2, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=64, shared_expert_intermediate_size=64,
                       decoder_sparse_step=1, mlp_only_layers=[], partial_rotary_factor=0.5, norm_topk_prob=True, tie_word_embeddings=False),
}


def family(architecture, root):
    """Its directory in `root`: bfloat16 weights, the built-in model's tokenizer and template."""
    config = COMMON | FAMILIES[architecture] | dict(model_type=architecture)
    module = importlib.import_module(f"mlx_lm.models.{architecture}")
    mx.random.seed(3)
    model = module.Model(module.ModelArgs.from_dict(config))
    directory = root / architecture
    shutil.copytree(SMOKE_MODEL, directory, ignore=shutil.ignore_patterns("model.safetensors", "preprocessor_config.json"))
    (directory / "config.json").write_text(json.dumps(config))
    mx.save_safetensors(str(directory / "model.safetensors"), {name: weight.astype(mx.bfloat16) for name, weight in tree_flatten(model.parameters())})
    return directory
