"""Converts a GGUF file of the llama architecture to a directory that Sanctum and mlx-lm load.

    python tests/real_model/convert.py MODEL.gguf OUT_DIR

Q4_0 and Q4_1 become MLX's affine 4-bit weights in groups of 32, Q8_0 8-bit ones; the scales keep their float16, so
that a weight dequantized in float32 is, bit for bit, what GGUF's own definition gives. llama.cpp keeps the rows of q
and k in the order of its rope (pairs side by side): here they go back to halves. Tokenizer, chat template and
configuration come from the metadata. This is the oracle of what reads GGUF elsewhere in this project: it favours
saying plainly what a format means over doing it quickly.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

if __package__:
    from . import gguf_file
else:
    import gguf_file

GROUP = 32
BITS = {"Q4_0": 4, "Q4_1": 4, "Q8_0": 8}
CONTROL = 3  # a token's type in the metadata; 1 is a normal one
NORMAL = 1
EMBEDDING = "model.embed_tokens"
ENDS = ["<|endoftext|>", "<reponame>"]  # that llama.cpp knows by name beside the metadata's own
NAMES = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
}
# How a pre-tokenizer that llama.cpp knows by name cuts text, in the words of tokenizer.json.
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
PRE_TOKENIZERS = {"smollm": [{"type": "Digits", "individual_digits": True}, BYTE_LEVEL]}


def our_name(name):
    """The module's path as mlx-lm calls it."""
    path = name.removesuffix(".weight")
    top = {"token_embd": EMBEDDING, "output_norm": "model.norm", "output": "lm_head"}
    if path in top:
        return top[path]
    block, layer, part = path.split(".")
    if block != "blk" or part not in NAMES:
        raise ValueError(f"tensor {name} belongs to nothing that is known here")
    return f"model.layers.{int(layer)}.{NAMES[part]}"


def rows_in_halves(array, heads):
    """llama.cpp rotates rows 2i and 2i + 1 of a head together; we rotate i and i + size / 2."""
    rows = array.shape[0]
    return array.reshape(heads, rows // heads // 2, 2, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)


def affine(kind, blocks):
    """(values from 0 to 2^bits - 1 [rows, columns], scales and biases [rows, columns / 32]) of quantized blocks."""
    rows = blocks.shape[0]
    if kind == "Q8_0":
        values = (blocks["qs"].astype(np.int16) + 128).astype(np.uint8)
        exact = blocks["d"].astype(np.float32) * -128
    else:
        nibbles = blocks["qs"]
        values = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1)  # the first 16 weights lie in the low halves
        exact = blocks["m"].astype(np.float32) if kind == "Q4_1" else blocks["d"].astype(np.float32) * -8
    biases = exact.astype(np.float16)
    if not np.array_equal(biases.astype(np.float32), exact):
        raise ValueError("a bias does not fit float16")
    return values.reshape(rows, -1), np.ascontiguousarray(blocks["d"]), biases


def packed(values, bits):
    """MLX's words: element 0 in the lowest bits."""
    per_word = 32 // bits
    words = values.reshape(values.shape[0], -1, per_word).astype(np.uint32)
    return np.bitwise_or.reduce(words << np.arange(0, 32, bits, dtype=np.uint32), axis=-1)


def plain(name, tensor):
    """Norms: as float16 like the scales, which loses nothing of a model published in bfloat16; checked."""
    wide = tensor.blocks.astype(np.float32)
    narrow = wide.astype(np.float16)
    if not np.array_equal(narrow.astype(np.float32), wide):
        raise ValueError(f"tensor {name} does not fit float16")
    return narrow


def weights(metadata, tensors):
    """(safetensors' arrays by name, bits by module path)."""
    heads = {"attn_q": metadata["llama.attention.head_count"], "attn_k": metadata["llama.attention.head_count_kv"]}
    out, bits = {}, {}
    for name, tensor in tensors.items():
        path = our_name(name)
        if tensor.kind not in BITS:
            out[f"{path}.weight"] = plain(name, tensor)
            continue
        blocks = tensor.blocks
        if (part := name.split(".")[-2]) in heads:
            blocks = rows_in_halves(blocks, heads[part])
        values, scales, biases = affine(tensor.kind, blocks)
        bits[path] = BITS[tensor.kind]
        out |= {f"{path}.weight": packed(values, bits[path]), f"{path}.scales": scales, f"{path}.biases": biases}
    return out, bits


def ends(metadata):
    """The tokens that end an answer: the metadata's, then those by name."""
    tokens, first = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.eos_token_id"]
    named = [at for at, token in enumerate(tokens) if token in ENDS and at != first]
    return [first, *named] if named else first


def configuration(metadata, bits, tied):
    def of(key):
        return metadata[f"llama.{key}"]

    heads = of("attention.head_count")
    usual = 4
    quantization = {"group_size": GROUP, "bits": usual}
    quantization |= {path: {"group_size": GROUP, "bits": own} for path, own in bits.items() if own != usual}
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama",
        "hidden_size": of("embedding_length"), "num_hidden_layers": of("block_count"), "intermediate_size": of("feed_forward_length"),
        "num_attention_heads": heads, "num_key_value_heads": of("attention.head_count_kv"), "head_dim": of("embedding_length") // heads,
        "rms_norm_eps": of("attention.layer_norm_rms_epsilon"), "vocab_size": of("vocab_size"),
        "max_position_embeddings": of("context_length"), "rope_theta": of("rope.freq_base"), "hidden_act": "silu",
        "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": tied,
        "bos_token_id": metadata["tokenizer.ggml.bos_token_id"], "eos_token_id": ends(metadata),
        "pad_token_id": metadata["tokenizer.ggml.padding_token_id"],
        "torch_dtype": "float16", "quantization": quantization, "quantization_config": quantization,
    }


def tokenizer(metadata):
    """tokenizer.json of a byte-level BPE."""
    if metadata["tokenizer.ggml.model"] != "gpt2" or metadata["tokenizer.ggml.pre"] not in PRE_TOKENIZERS:
        raise ValueError(f"the tokenizer {metadata['tokenizer.ggml.model']} / {metadata['tokenizer.ggml.pre']} is not known here")
    tokens, kinds = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
    if set(kinds) - {NORMAL, CONTROL}:
        raise ValueError(f"tokens of the types {sorted(set(kinds) - {NORMAL, CONTROL})} are not known here")
    added = [{"id": at, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
             for at, (token, kind) in enumerate(zip(tokens, kinds)) if kind == CONTROL]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": PRE_TOKENIZERS[metadata["tokenizer.ggml.pre"]]},
        "post_processor": None, "decoder": BYTE_LEVEL,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {token: at for at, token in enumerate(tokens)},
            "merges": [merge.split(" ") for merge in metadata["tokenizer.ggml.merges"]],
        },
    }


def tokenizer_configuration(metadata):
    tokens = metadata["tokenizer.ggml.tokens"]

    def token(role):
        return tokens[metadata[f"tokenizer.ggml.{role}_token_id"]]

    return {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": metadata["llama.context_length"],
        "add_prefix_space": False, "clean_up_tokenization_spaces": False, "bos_token": token("bos"), "eos_token": token("eos"),
        "unk_token": token("unknown"), "pad_token": token("padding"),
    }


def convert(source, out):
    """Writes the directory `out`, which must not be there yet."""
    metadata, tensors = gguf_file.read(source)
    if metadata["general.architecture"] != "llama":
        raise ValueError(f"{source} holds the architecture {metadata['general.architecture']}; only llama is converted")
    arrays, bits = weights(metadata, tensors)
    out = Path(out)
    out.mkdir(parents=True)
    save_file(arrays, out / "model.safetensors", metadata={"format": "mlx"})
    config = configuration(metadata, bits, tied="lm_head.weight" not in arrays)
    generation = {key: config[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
    for name, value in {"config.json": config, "generation_config.json": generation, "tokenizer.json": tokenizer(metadata),
                        "tokenizer_config.json": tokenizer_configuration(metadata)}.items():
        (out / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (out / "chat_template.jinja").write_text(metadata["tokenizer.chat_template"], encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    convert(sys.argv[1], sys.argv[2])
