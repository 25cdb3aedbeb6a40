"""Write a model directory with random weights in a real model's shape.

    python bench/random_model.py llama-3.2-1b OUT [--bits 4] [--group-size 64]

The weights are noise, so are the answers; sizes, quantization and therefore speed and memory are those
of the real model. The tokenizer is the built-in model's, its vocabulary filled up with words that no
text encodes to, so that every token the model can say has a spelling.
"""

import argparse
import json
import pathlib
import shutil

import mlx.core as mx
import numpy as np

import random_vision_tower

SMOKE = pathlib.Path(__file__).resolve().parent.parent / "models" / "smoke"

SHAPES = {
    "llama-3.2-1b": dict(
        model_type="llama", hidden_size=2048, num_hidden_layers=16, intermediate_size=8192, num_attention_heads=32,
        num_key_value_heads=8, head_dim=64, rms_norm_eps=1e-5, vocab_size=128256, max_position_embeddings=131072,
        rope_theta=500000.0, tie_word_embeddings=True,
        rope_scaling=dict(rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0,
                          original_max_position_embeddings=8192)),
    "qwen3-4b": dict(
        model_type="qwen3", hidden_size=2560, num_hidden_layers=36, intermediate_size=9728, num_attention_heads=32,
        num_key_value_heads=8, head_dim=128, rms_norm_eps=1e-6, vocab_size=151936, max_position_embeddings=40960,
        rope_theta=1e6, tie_word_embeddings=True),
    # Qwen3-VL-2B's language model; its tower is in random_vision_tower.py.
    "qwen3-vl-2b": dict(
        model_type="qwen3_vl_text", hidden_size=2048, num_hidden_layers=28, intermediate_size=6144,
        num_attention_heads=16, num_key_value_heads=8, head_dim=128, rms_norm_eps=1e-6, vocab_size=151936,
        max_position_embeddings=262144, rope_theta=5e6, tie_word_embeddings=True, attention_bias=False,
        hidden_act="silu", rope_scaling=dict(rope_type="default", mrope_interleaved=True, mrope_section=[24, 20, 20])),
    "tiny": dict(
        model_type="llama", hidden_size=64, num_hidden_layers=2, intermediate_size=128, num_attention_heads=2,
        num_key_value_heads=1, head_dim=32, rms_norm_eps=1e-5, vocab_size=2048, max_position_embeddings=8192,
        rope_theta=10000.0, tie_word_embeddings=True),
}


def linears(config):
    """(path, out, in) of every matrix."""
    width, inner, head = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    yield "model.embed_tokens", config["vocab_size"], width
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        yield f"{layer}.self_attn.q_proj", queries, width
        yield f"{layer}.self_attn.k_proj", keys, width
        yield f"{layer}.self_attn.v_proj", keys, width
        yield f"{layer}.self_attn.o_proj", width, queries
        yield f"{layer}.mlp.gate_proj", inner, width
        yield f"{layer}.mlp.up_proj", inner, width
        yield f"{layer}.mlp.down_proj", width, inner


def norms(config):
    """(path, width) of every norm."""
    yield "model.norm", config["hidden_size"]
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        yield f"{layer}.input_layernorm", config["hidden_size"]
        yield f"{layer}.post_attention_layernorm", config["hidden_size"]
        if config["model_type"].startswith("qwen3"):
            yield f"{layer}.self_attn.q_norm", config["head_dim"]
            yield f"{layer}.self_attn.k_norm", config["head_dim"]


def random_weights(config, bits, group_size):
    weights = {f"{path}.weight": mx.ones((width,), dtype=mx.bfloat16) for path, width in norms(config)}
    for i, (path, out, inner) in enumerate(linears(config)):
        random = np.random.default_rng(i)
        codes = mx.array(random.integers(0, 1 << 32, (out, inner * bits // 32), dtype=np.uint32))
        # Codes are uniform; scale and bias make them a zero-mean matrix of the usual size.
        scale = 2.0 / ((1 << bits) * inner**0.5)
        groups = (out, inner // group_size)
        weights[f"{path}.weight"] = codes
        weights[f"{path}.scales"] = mx.full(groups, scale, dtype=mx.bfloat16)
        weights[f"{path}.biases"] = mx.full(groups, -scale * ((1 << bits) - 1) / 2, dtype=mx.bfloat16)
    return weights


def write_tokenizer(out, vocabulary):
    tokenizer = json.loads((SMOKE / "tokenizer.json").read_text())
    vocab = tokenizer["model"]["vocab"]
    taken = set(vocab.values()) | {token["id"] for token in tokenizer["added_tokens"]}
    # Added tokens keep their ids only if the vocabulary holds them too, now that it has words behind them.
    vocab.update({token["content"]: token["id"] for token in tokenizer["added_tokens"]})
    for number in range(vocabulary):
        if number not in taken:
            vocab[f"Ġw{number}"] = number
    (out / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    for name in ["tokenizer_config.json", "chat_template.jinja", "generation_config.json"]:
        shutil.copy(SMOKE / name, out / name)


def write(shape, out, bits=4, group_size=64):
    text = config = dict(SHAPES[shape])
    out.mkdir(parents=True, exist_ok=True)
    quantization = {"group_size": group_size, "bits": bits}
    weights = random_weights(text, **quantization)
    if text["model_type"] == "qwen3_vl_text":
        weights = {f"language_model.{name}": tensor for name, tensor in weights.items()}
        weights |= random_vision_tower.weights(text["hidden_size"])
        config = random_vision_tower.config(text)
        random_vision_tower.write_preprocessor(out)
    mx.save_safetensors(str(out / "model.safetensors"), weights, metadata={"format": "mlx"})
    write_tokenizer(out, text["vocab_size"])
    (out / "config.json").write_text(json.dumps(config | {"quantization": quantization}, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--bits", type=int, default=4, choices=[4, 8])
    parser.add_argument("--group-size", type=int, default=64, choices=[32, 64, 128])
    options = parser.parse_args()
    write(options.shape, options.out, options.bits, options.group_size)
    size = (options.out / "model.safetensors").stat().st_size
    print(f"{options.out}: {options.shape}, {options.bits}-bit group {options.group_size}, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
