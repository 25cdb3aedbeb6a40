"""Write a GGUF file with random weights in a real model's shape, for llama.cpp. Runs in llama.cpp's venv.

    python bench/write_gguf.py llama-3.2-1b OUT.gguf
"""

import math
import sys

import gguf
import numpy as np

import gguf_tensors
from shapes import SHAPES

SECTIONS = 4  # that llama.cpp wants of a rotation by places
# Codes 0 to 15 mean -8 to 7. Of mean zero they must be, or all tokens come to look alike and choose the same experts.
NO_ZERO = np.array([(code & 15 or 8) | (code >> 4 or 8) << 4 for code in range(256)], dtype=np.uint8)


def q4_0(shape, seed, size):
    """Numbers of mean zero, about as large as `size`."""
    blocks = (*shape[:-1], shape[-1] // gguf_tensors.Q4_0_BLOCK, gguf_tensors.Q4_0_BYTES)
    codes = NO_ZERO[np.frombuffer(np.random.default_rng(seed).bytes(math.prod(blocks)), np.uint8)].reshape(blocks)
    codes[..., :2] = np.array([size / 4], dtype=np.float16).view(np.uint8)
    return codes.reshape(*shape[:-1], -1)


def numbers(tensor, seed, size):
    if tensor.is_quantized:
        return q4_0(tensor.shape, seed, size)
    if tensor.value is not None:
        return np.full(tensor.shape, tensor.value, np.float32)
    return np.random.default_rng(seed).standard_normal(tensor.shape, np.float32) * np.float32(size)


def add_sizes(writer, config):
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("no_vocab")
    if "num_experts" in config:
        writer.add_expert_count(config["num_experts"])
        writer.add_expert_used_count(config["num_experts_per_tok"])
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
    if "full_attention_interval" in config:
        add_delta_sizes(writer, config)


def add_delta_sizes(writer, config):
    writer.add_full_attention_interval(config["full_attention_interval"])
    writer.add_ssm_conv_kernel(config["linear_conv_kernel_dim"])
    writer.add_ssm_state_size(config["linear_key_head_dim"])
    writer.add_ssm_group_count(config["linear_num_key_heads"])
    writer.add_ssm_time_step_rank(config["linear_num_value_heads"])
    writer.add_ssm_inner_size(config["linear_num_value_heads"] * config["linear_value_head_dim"])


def add_rotation(writer, config):
    rope = config.get("rope_parameters", {})
    writer.add_rope_freq_base(rope.get("rope_theta") or config["rope_theta"])
    writer.add_rope_dimension_count(int(config["head_dim"] * rope.get("partial_rotary_factor", 1)))
    if "mrope_section" in rope:
        writer.add_rope_dimension_sections((rope["mrope_section"] + [0] * SECTIONS)[:SECTIONS])


def write(shape, out):
    config = SHAPES[shape]
    writer = gguf.GGUFWriter(out, gguf_tensors.ARCHITECTURES[config["model_type"]])
    add_sizes(writer, config)
    add_rotation(writer, config)
    embedding = gguf_tensors.embedding(config)
    tensors = [embedding, *gguf_tensors.rest(config)]
    for tensor in tensors:
        kind = gguf.GGMLQuantizationType.Q4_0 if tensor.is_quantized else gguf.GGMLQuantizationType.F32
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float32), tensor.bytes, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for seed, tensor in enumerate(tensors):  # one of them at a time is in memory
        # Embeddings are as large as norms make them: tokens stay unlike each other and choose different experts.
        size = 1 if tensor is embedding else 0.5 * tensor.shape[-1]**-0.5
        writer.write_tensor_data(numbers(tensor, seed, size))
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2])
