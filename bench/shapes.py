"""Real models' shapes, as config.json has them. Where a name says how many layers, the real one has more."""

LLAMA_1B, QWEN_4B, QWEN_VL, TINY = "llama-3.2-1b", "qwen3-4b", "qwen3-vl-2b", "tiny"
TINY_REAL_WORDS = "tiny-128k-words"
QWEN_MOE, QWEN_HYBRID = "qwen3-30b-a3b-8-layers", "qwen3.5-4b-16-layers"
DELTA_TAP, DELTA_DECAY = 0.5, 0.125  # of a gated delta's convolution; of its state, how fast it is forgotten
DELTA_NUMBER_BYTES = 4  # of a number of that state

SHAPES = {
    LLAMA_1B: dict(
        model_type="llama", hidden_size=2048, num_hidden_layers=16, intermediate_size=8192, num_attention_heads=32,
        num_key_value_heads=8, head_dim=64, rms_norm_eps=1e-5, vocab_size=128256, max_position_embeddings=131072,
        rope_theta=500000.0, tie_word_embeddings=True,
        rope_scaling=dict(rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0,
                          original_max_position_embeddings=8192)),
    QWEN_4B: dict(
        model_type="qwen3", hidden_size=2560, num_hidden_layers=36, intermediate_size=9728, num_attention_heads=32,
        num_key_value_heads=8, head_dim=128, rms_norm_eps=1e-6, vocab_size=151936, max_position_embeddings=40960,
        rope_theta=1e6, tie_word_embeddings=True),
    # Qwen3-Coder-30B-A3B, which has 48 layers.
    QWEN_MOE: dict(
        model_type="qwen3_moe", hidden_size=2048, num_hidden_layers=8, intermediate_size=5472, num_attention_heads=32,
        num_key_value_heads=4, head_dim=128, rms_norm_eps=1e-6, vocab_size=151936, max_position_embeddings=262144,
        rope_theta=1e7, tie_word_embeddings=False, num_experts=128, num_experts_per_tok=8, moe_intermediate_size=768,
        norm_topk_prob=True, decoder_sparse_step=1, mlp_only_layers=[]),
    # Qwen3.5-4B without its tower, which has 32 layers: three of gated deltas, one of attention, and so on.
    QWEN_HYBRID: dict(
        model_type="qwen3_5_text", hidden_size=2560, num_hidden_layers=16, intermediate_size=9216,
        num_attention_heads=16, num_key_value_heads=4, head_dim=256, rms_norm_eps=1e-6, vocab_size=248320,
        max_position_embeddings=262144, tie_word_embeddings=True, attention_bias=False, full_attention_interval=4,
        linear_num_key_heads=16, linear_num_value_heads=32, linear_key_head_dim=128, linear_value_head_dim=128,
        linear_conv_kernel_dim=4,
        rope_parameters=dict(type="default", rope_theta=1e7, partial_rotary_factor=0.25, mrope_interleaved=True,
                             mrope_section=[11, 11, 10])),
    # Qwen3-VL-2B's language model; its tower is in random_vision_tower.py.
    QWEN_VL: dict(
        model_type="qwen3_vl_text", hidden_size=2048, num_hidden_layers=28, intermediate_size=6144,
        num_attention_heads=16, num_key_value_heads=8, head_dim=128, rms_norm_eps=1e-6, vocab_size=151936,
        max_position_embeddings=262144, rope_theta=5e6, tie_word_embeddings=True, attention_bias=False,
        hidden_act="silu", rope_scaling=dict(rope_type="default", mrope_interleaved=True, mrope_section=[24, 20, 20])),
    TINY: dict(
        model_type="llama", hidden_size=64, num_hidden_layers=2, intermediate_size=128, num_attention_heads=2,
        num_key_value_heads=1, head_dim=32, rms_norm_eps=1e-5, vocab_size=2048, max_position_embeddings=8192,
        rope_theta=10000.0, tie_word_embeddings=True),
}
# As many words as Llama 3 has, and room for an agent's tools.
SHAPES[TINY_REAL_WORDS] = SHAPES[TINY] | dict(vocab_size=128256, max_position_embeddings=65536)


def is_delta(config, layer):
    """A gated delta instead of attention."""
    interval = config.get("full_attention_interval")
    return interval is not None and (layer + 1) % interval != 0


def has_head_norms(config):
    return config["model_type"].startswith("qwen3")


def delta_widths(config):
    """Of all queries, or of all keys; of all values."""
    return (config["linear_num_key_heads"] * config["linear_key_head_dim"],
            config["linear_num_value_heads"] * config["linear_value_head_dim"])


def embedding_part(config):
    """Of the embedding, the part that a token touches: all of it where it is the output matrix as well, else a row."""
    return 1 if config["tie_word_embeddings"] else 1 / config["vocab_size"]


def expert_part(config):
    return config["num_experts_per_tok"] / config["num_experts"]


def state_bytes(config):
    """Of one sequence's gated deltas, which every token reads and writes."""
    layers = sum(is_delta(config, layer) for layer in range(config["num_hidden_layers"]))
    return layers and layers * delta_widths(config)[1] * config["linear_key_head_dim"] * DELTA_NUMBER_BYTES
