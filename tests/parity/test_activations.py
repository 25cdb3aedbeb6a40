"""What integer activations cost: our kernels against float activations, on held-out cases of the built-in model.

As it is stored, with 8-bit weights that meet 16-bit activations, and quantized to 4 bits, whose weights meet
8-bit activations; "kv8" keeps keys and values as 8-bit integers too. Every case is a question with its right
answer; at each token of the answer the two distributions of the next token are compared. The reference is
MLX's own float32, which the parity tests hold to mlx-lm and mlx-vlm.
"""

import itertools
import json
import random
import subprocess
import sys

import mlx.core as mx
import numpy as np
import pytest
from tokenizers import Tokenizer

from programs import ROOT, SMOKE_MODEL, count, program

sys.path.insert(0, str(ROOT / "models" / "smoke" / "recipe"))
import chat  # noqa: E402
import conversations  # noqa: E402

CASES = count(3, 20)  # of each skill
KL_MAX = 1e-4  # nat, mean over answer tokens; measured: 6e-6
AGREEMENT_MIN = 0.99  # of greedy choices
VOCABULARY = 1024


def cases():
    """(tokens, first token of the answer): questions that the recipe never trains on."""
    tokenizer = Tokenizer.from_file(str(SMOKE_MODEL / "tokenizer.json"))

    def ids(messages, made, prompt):
        pieces = chat.pieces(messages, tools=made.get("tools"), compact=made.get("compact", False), prompt=prompt)
        return list(itertools.chain.from_iterable(tokenizer.encode(text, add_special_tokens=False).ids for text, _ in pieces))

    for skill in conversations.WEIGHTS:
        chance = random.Random(f"activations {skill}")
        for _ in range(CASES):
            made = conversations.single(chance, skill, test=True)
            messages = made["messages"]
            last = max(at for at, message in enumerate(messages) if message["role"] == "assistant")
            whole = ids(messages[:last + 1], made, False)
            question = ids(messages[:last], made, True)
            assert whole[:len(question)] == question
            yield whole, len(question)


def logits(directory, arithmetic, tokens):
    run = subprocess.run([program("sanctum-logits"), directory, arithmetic], input=json.dumps({"tokens": tokens}).encode(),
                         capture_output=True, timeout=120)
    assert run.returncode == 0, run.stderr.decode()
    return np.frombuffer(run.stdout, dtype=np.float32).reshape(-1, VOCABULARY).astype(np.float64)


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


@pytest.fixture(scope="module")
def four_bit(tmp_path_factory):
    """The built-in model with its matrices quantized again, to 4 bits in groups of 64."""
    out = tmp_path_factory.mktemp("four_bit")
    weights = mx.load(str(SMOKE_MODEL / "model.safetensors"))
    for name in [name[: -len(".scales")] for name in weights if name.endswith(".scales")]:
        wide = mx.dequantize(weights[name + ".weight"], weights[name + ".scales"], weights[name + ".biases"], 64, 8)
        weights[name + ".weight"], weights[name + ".scales"], weights[name + ".biases"] = mx.quantize(wide, 64, 4)
    mx.save_safetensors(str(out / "model.safetensors"), weights)
    for file in SMOKE_MODEL.iterdir():
        if file.is_file() and file.name not in ("model.safetensors", "config.json"):
            (out / file.name).write_bytes(file.read_bytes())
    config = json.loads((SMOKE_MODEL / "config.json").read_text())
    config["quantization"] = config["quantization_config"] = {"group_size": 64, "bits": 4}
    (out / "config.json").write_text(json.dumps(config))
    return out


@pytest.mark.parametrize(("bits", "arithmetic"), [(8, "kernels"), (4, "kernels"), (8, "kv8"), (4, "kv8")])
def test_integers_change_next_to_nothing(bits, arithmetic, four_bit):
    directory = four_bit if bits == 4 else SMOKE_MODEL
    divergence, agree = [], []
    for tokens, first in cases():
        exact = log_softmax(logits(directory, "float32", tokens)[first - 1:-1])
        ours = log_softmax(logits(directory, arithmetic, tokens)[first - 1:-1])
        divergence.extend((np.exp(exact) * (exact - ours)).sum(-1))
        agree.extend(exact.argmax(-1) == ours.argmax(-1))
    print(f"{bits}-bit weights, {arithmetic}: {len(agree)} answer tokens, KL {np.mean(divergence):.6f} nat (largest {np.max(divergence):.4f}), "
          f"the same greedy choice {100 * np.mean(agree):.2f} %")
    assert len(agree) > 100
    assert np.mean(divergence) <= KL_MAX
    assert np.mean(agree) >= AGREEMENT_MIN
