"""An agent's next turn: its prompt is the one before, the answer, and a little more. Only that little is computed, also by models
whose layers do not all remember every token."""

import importlib
import json
import random
import shutil

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten

from programs import SMOKE_MODEL

VOCABULARY = 1024  # the tokenizer's
COMMON = dict(hidden_size=64, num_hidden_layers=2, intermediate_size=64, num_attention_heads=2, num_key_value_heads=1, head_dim=32, rms_norm_eps=1e-6,
              vocab_size=VOCABULARY, rope_theta=10000.0, max_position_embeddings=32768)
SHAPES = {
    "qwen3": dict(tie_word_embeddings=False),
    "gemma3_text": dict(sliding_window=512, sliding_window_pattern=2, query_pre_attn_scalar=32),
    "qwen3_next": dict(linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=32, linear_value_head_dim=32, linear_conv_kernel_dim=4,
                       full_attention_interval=2, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=64, shared_expert_intermediate_size=64,
                       decoder_sparse_step=1, mlp_only_layers=[], partial_rotary_factor=0.5, norm_topk_prob=True, tie_word_embeddings=False),
}
PROMPT_TOKENS, ANSWER_TOKENS, ADDED_TOKENS = 16_000, 40, 300
COMPUTED_SHARE_MAX = 0.05


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    from sanctum_server import Server

    root = tmp_path_factory.mktemp("turns")
    for architecture, members in SHAPES.items():
        config = COMMON | members | dict(model_type=architecture)
        module = importlib.import_module(f"mlx_lm.models.{architecture}")
        mx.random.seed(3)
        model = module.Model(module.ModelArgs.from_dict(config))
        shutil.copytree(SMOKE_MODEL, root / architecture, ignore=shutil.ignore_patterns("model.safetensors", "preprocessor_config.json"))
        (root / architecture / "config.json").write_text(json.dumps(config))
        mx.save_safetensors(str(root / architecture / "model.safetensors"),
                            {name: weight.astype(mx.bfloat16) for name, weight in tree_flatten(model.parameters())})
    server = Server(root / "state", *(root / name for name in SHAPES), "--probes", "off")
    yield server.start()
    server.stop()


@pytest.mark.parametrize("architecture", SHAPES)
def test_the_second_turn_of_a_long_prompt_computes_a_twentieth_at_most(architecture, served):
    dice = random.Random(5)
    prompt = [dice.randrange(20, 1000) for _ in range(PROMPT_TOKENS)]

    def turn(tokens):
        question = {"model": architecture, "prompt": tokens, "max_tokens": ANSWER_TOKENS, "temperature": 0, "ignore_eos": True}
        return json.loads(served.request("POST", "/v1/completions", json.dumps(question))[2])

    first = turn(prompt)
    assert first["usage"]["completion_tokens"] == ANSWER_TOKENS
    again = [*prompt, *(dice.randrange(20, 1000) for _ in range(ADDED_TOKENS))]
    usage = turn(again)["usage"]
    computed = usage["prompt_tokens"] - usage["prompt_tokens_details"]["cached_tokens"]
    share = computed / usage["prompt_tokens"]
    assert ADDED_TOKENS <= computed and share <= COMPUTED_SHARE_MAX
