"""The tensors of a shape as llama.cpp names them, quantized purely to Q4_0, and how many of their bytes a token touches."""

import dataclasses
import math

import shapes

ARCHITECTURES = {"llama": "llama", "qwen3": "qwen3", "qwen3_moe": "qwen3moe", "qwen3_5_text": "qwen35"}
Q4_0_BLOCK, Q4_0_BYTES = 32, 18  # weights, and bytes, of a block
FLOAT_BYTES = 4


@dataclasses.dataclass(frozen=True)
class Tensor:
    name: str
    shape: tuple  # rows' length last
    value: float = None  # of all numbers of a tensor of floats; none: random
    part: float = 1  # that a token touches
    is_quantized: bool = False

    @property
    def bytes(self):
        numbers = math.prod(self.shape)
        return numbers // Q4_0_BLOCK * Q4_0_BYTES if self.is_quantized else numbers * FLOAT_BYTES


def matrix(name, *shape, part=1):
    return Tensor(f"{name}.weight", shape, part=part, is_quantized=True)


def norm(name, size):
    return Tensor(f"{name}.weight", (size,), value=1)


def _attention(config, layer):
    width, head = config["hidden_size"], config["head_dim"]
    queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    gated = "full_attention_interval" in config
    yield matrix(layer + "attn_q", 2 * queries if gated else queries, width)
    yield matrix(layer + "attn_k", keys, width)
    yield matrix(layer + "attn_v", keys, width)
    yield matrix(layer + "attn_output", width, queries)
    if shapes.has_head_norms(config):
        yield norm(layer + "attn_q_norm", head)
        yield norm(layer + "attn_k_norm", head)


def _delta(config, layer):
    width, heads, (keys, values) = config["hidden_size"], config["linear_num_value_heads"], shapes.delta_widths(config)
    yield matrix(layer + "attn_qkv", 2 * keys + values, width)
    yield matrix(layer + "attn_gate", values, width)
    yield matrix(layer + "ssm_beta", heads, width)
    yield matrix(layer + "ssm_alpha", heads, width)
    yield matrix(layer + "ssm_out", width, values)
    yield Tensor(layer + "ssm_conv1d.weight", (2 * keys + values, config["linear_conv_kernel_dim"]), shapes.DELTA_TAP)
    yield Tensor(layer + "ssm_a", (heads,), -shapes.DELTA_DECAY)
    yield Tensor(layer + "ssm_dt.bias", (heads,), 1)
    yield norm(layer + "ssm_norm", config["linear_value_head_dim"])


def _feed_forward(config, layer):
    width, experts = config["hidden_size"], config.get("num_experts")
    if experts is None:
        inner = config["intermediate_size"]
        yield matrix(layer + "ffn_gate", inner, width)
        yield matrix(layer + "ffn_up", inner, width)
        yield matrix(layer + "ffn_down", width, inner)
        return
    inner, part = config["moe_intermediate_size"], shapes.expert_part(config)
    yield Tensor(layer + "ffn_gate_inp.weight", (experts, width))  # llama.cpp quantizes no router
    yield matrix(layer + "ffn_gate_exps", experts, inner, width, part=part)
    yield matrix(layer + "ffn_up_exps", experts, inner, width, part=part)
    yield matrix(layer + "ffn_down_exps", experts, width, inner, part=part)


def embedding(config):
    return matrix("token_embd", config["vocab_size"], config["hidden_size"], part=shapes.embedding_part(config))


def rest(config):
    """All but the embedding."""
    width = config["hidden_size"]
    yield norm("output_norm", width)
    if not config["tie_word_embeddings"]:
        yield matrix("output", config["vocab_size"], width)
    second = "post_attention_norm" if "full_attention_interval" in config else "ffn_norm"
    for i in range(config["num_hidden_layers"]):
        layer = f"blk.{i}."
        yield norm(layer + "attn_norm", width)
        yield norm(layer + second, width)
        yield from (_delta if shapes.is_delta(config, i) else _attention)(config, layer)
        yield from _feed_forward(config, layer)


def touched_bytes(config):
    """By one token of one sequence, its keys and values apart, of which a short one has few."""
    weights = sum(tensor.part * tensor.bytes for tensor in [embedding(config), *rest(config)])
    return round(weights) + shapes.state_bytes(config)
