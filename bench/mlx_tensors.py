"""The tensors of a shape as mlx_lm names them, and how many of their bytes a token touches."""

import dataclasses
import math

import shapes

BITS_OF_ROUTERS = 8  # as mlx_lm quantizes them beside 4-bit experts
SIZES = {"U32": 4, "BF16": 2, "F32": 4}  # bytes
SCALE_BYTES = 4  # of a group: its scale and its bias


@dataclasses.dataclass(frozen=True)
class Matrix:
    """Quantized."""
    path: str
    rows: int
    columns: int
    experts: int = None  # that are stacked
    bits: int = None  # where it is not what the others have
    part: float = 1  # that a token touches

    @property
    def leading(self):
        return (self.rows,) if self.experts is None else (self.experts, self.rows)

    def bytes(self, bits, group_size):
        weights = math.prod(self.leading) * self.columns
        return weights * (self.bits or bits) // 8 + weights // group_size * SCALE_BYTES


@dataclasses.dataclass(frozen=True)
class Constant:
    """Norms and the like: one number all over."""
    name: str
    shape: tuple
    value: float = 1
    type: str = "BF16"

    @property
    def bytes(self):
        return math.prod(self.shape) * SIZES[self.type]


def is_wrapped(config):
    """Models with a tower, or room for one, have their language model inside."""
    return config["model_type"] in ("qwen3_vl_text", "qwen3_5_text")


def _body(config):
    return "language_model." if is_wrapped(config) else ""


def _layers(config):
    return [(f"{_body(config)}model.layers.{i}", shapes.is_delta(config, i)) for i in range(config["num_hidden_layers"])]


def _attention(config, layer):
    width, head = config["hidden_size"], config["head_dim"]
    queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    gated = "full_attention_interval" in config  # each query has a gate beside it
    yield Matrix(f"{layer}.self_attn.q_proj", 2 * queries if gated else queries, width)
    yield Matrix(f"{layer}.self_attn.k_proj", keys, width)
    yield Matrix(f"{layer}.self_attn.v_proj", keys, width)
    yield Matrix(f"{layer}.self_attn.o_proj", width, queries)


def _delta(config, layer):
    width, (keys, values) = config["hidden_size"], shapes.delta_widths(config)
    yield Matrix(f"{layer}.linear_attn.in_proj_qkv", 2 * keys + values, width)
    yield Matrix(f"{layer}.linear_attn.in_proj_z", values, width)
    yield Matrix(f"{layer}.linear_attn.in_proj_b", config["linear_num_value_heads"], width)
    yield Matrix(f"{layer}.linear_attn.in_proj_a", config["linear_num_value_heads"], width)
    yield Matrix(f"{layer}.linear_attn.out_proj", width, values)


def _feed_forward(config, layer):
    width, experts = config["hidden_size"], config.get("num_experts")
    if experts is None:
        path, inner, part = f"{layer}.mlp", config["intermediate_size"], 1
    else:
        yield Matrix(f"{layer}.mlp.gate", experts, width, bits=BITS_OF_ROUTERS)
        path, inner, part = f"{layer}.mlp.switch_mlp", config["moe_intermediate_size"], shapes.expert_part(config)
    yield Matrix(f"{path}.gate_proj", inner, width, experts, part=part)
    yield Matrix(f"{path}.up_proj", inner, width, experts, part=part)
    yield Matrix(f"{path}.down_proj", width, inner, experts, part=part)


def embedding(config):
    return Matrix(f"{_body(config)}model.embed_tokens", config["vocab_size"], config["hidden_size"],
                  part=shapes.embedding_part(config))


def matrices(config):
    """All but the embedding."""
    for layer, is_delta in _layers(config):
        yield from (_delta if is_delta else _attention)(config, layer)
        yield from _feed_forward(config, layer)
    if not config["tie_word_embeddings"]:
        yield Matrix(f"{_body(config)}lm_head", config["vocab_size"], config["hidden_size"])


def constants(config):
    width, head = (config["hidden_size"],), (config["head_dim"],)
    yield Constant(f"{_body(config)}model.norm.weight", width)
    for layer, is_delta in _layers(config):
        yield Constant(f"{layer}.input_layernorm.weight", width)
        yield Constant(f"{layer}.post_attention_layernorm.weight", width)
        if is_delta:
            yield from _delta_constants(config, f"{layer}.linear_attn")
        elif shapes.has_head_norms(config):
            yield Constant(f"{layer}.self_attn.q_norm.weight", head)
            yield Constant(f"{layer}.self_attn.k_norm.weight", head)


def _delta_constants(config, path):
    keys, values = shapes.delta_widths(config)
    heads = (config["linear_num_value_heads"],)
    yield Constant(f"{path}.conv1d.weight", (2 * keys + values, config["linear_conv_kernel_dim"], 1),
                   shapes.DELTA_TAP)
    yield Constant(f"{path}.A_log", heads, math.log(shapes.DELTA_DECAY), "F32")
    yield Constant(f"{path}.dt_bias", heads)
    yield Constant(f"{path}.norm.weight", (config["linear_value_head_dim"],))


def touched_bytes(config, bits, group_size):
    """By one token of one sequence, its keys and values apart, of which a short one has few."""
    of_matrices = sum(m.part * m.bytes(bits, group_size) for m in [embedding(config), *matrices(config)])
    return round(of_matrices + sum(c.bytes for c in constants(config))) + shapes.state_bytes(config)
