"""Write a model directory with random weights in a real model's shape.

    python bench/random_model.py llama-3.2-1b OUT [--bits 4] [--group-size 64]

The weights are noise, so are the answers; sizes, quantization and therefore speed and memory are those
of the real model. The tokenizer is the built-in model's, its vocabulary filled up with words that no
text encodes to, so that every token the model can say has a spelling.
"""

import argparse
import json
import math
import pathlib
import shutil

import numpy as np

import mlx_tensors
import random_vision_tower
import safetensors_file
from shapes import SHAPES

SMOKE = pathlib.Path(__file__).resolve().parent.parent / "models" / "smoke"


def bfloat16(value):
    """Its bits; value must need no rounding, or not mind it."""
    return np.uint16(np.float32(value).view(np.uint32) >> 16)


def full(shape, kind, value):
    return np.full(shape, bfloat16(value) if kind == "BF16" else np.float32(value))


def random_codes(shape, seed):
    return np.frombuffer(np.random.default_rng(seed).bytes(math.prod(shape) * 4), np.uint32)


def quantized(matrix, seed, bits, group_size, size):
    """Codes are uniform. Scale, a power of two, and bias make them numbers of mean zero, about as large as `size`."""
    bits = matrix.bits or bits
    codes = (*matrix.leading, matrix.columns * bits // 32)
    groups = (*matrix.leading, matrix.columns // group_size)
    scale = 2.0 ** round(math.log2(4 * size / (1 << bits)))
    yield f"{matrix.path}.weight", "U32", codes, lambda: random_codes(codes, seed)
    for name, value in (("scales", scale), ("biases", -scale * ((1 << bits) - 1) / 2)):
        yield f"{matrix.path}.{name}", "BF16", groups, lambda value=value: full(groups, "BF16", value)


def random_tensors(config, bits, group_size):
    # As large as norms make them: tokens stay unlike each other from layer to layer, and choose different experts.
    yield from quantized(mlx_tensors.embedding(config), 0, bits, group_size, size=1)
    for seed, matrix in enumerate(mlx_tensors.matrices(config), 1):
        yield from quantized(matrix, seed, bits, group_size, size=0.5 * matrix.columns**-0.5)
    for one in mlx_tensors.constants(config):
        yield one.name, one.type, one.shape, lambda one=one: full(one.shape, one.type, one.value)


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
    tensors = list(random_tensors(text, bits, group_size))
    if text["model_type"] == "qwen3_vl_text":
        tensors += random_vision_tower.tensors(text["hidden_size"])
        config = random_vision_tower.config(text)
        random_vision_tower.write_preprocessor(out)
    elif mlx_tensors.is_wrapped(text):
        config = {"model_type": text["model_type"].removesuffix("_text"), "text_config": text}
    safetensors_file.write(out / "model.safetensors", tensors)
    write_tokenizer(out, text["vocab_size"])
    own = {matrix.path: {"group_size": group_size, "bits": matrix.bits}
           for matrix in mlx_tensors.matrices(text) if matrix.bits}
    quantization = {"group_size": group_size, "bits": bits} | own
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
