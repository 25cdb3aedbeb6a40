"""mlx-lm on the converted model with its weights in float32: the goldens of our float path.

    .venv/bin/python tests/real_model/with_mlx_lm.py

Writes goldens/mlx_lm.npz: for the prompts one after the other, at every position the largest logits with their ids,
every STRIDE-th logit of the vocabulary, and the logarithm of the sum of all exponentials. Takes a minute.
"""

import json
import platform
import sys
from importlib.metadata import version

import numpy as np

if __package__:
    from . import corpus, prepare
else:
    import corpus
    import prepare

LARGEST = 20
STRIDE = 601  # a prime: no period of the vocabulary


def log_sum(rows):
    top = rows.max(-1)
    return top + np.log(np.exp(rows - top[:, None]).sum(-1))


def kept(rows):
    """What a golden keeps of float32 logits [positions, vocabulary]."""
    ids = np.argsort(-rows, axis=-1, kind="stable")[:, :LARGEST]
    return {
        "ids": ids.astype(np.int32), "largest": np.take_along_axis(rows, ids, -1), "strided": rows[:, ::STRIDE],
        "log_sum": log_sum(rows.astype(np.float64)),
    }


def computed(directory, prompts):
    import mlx.core as mx
    from mlx_lm import load

    model, _ = load(str(directory))
    rows = []
    for ids in prompts:
        answer = model(mx.array([ids]))[0]
        assert answer.dtype == mx.float32
        rows.append(np.array(answer))
    return kept(np.concatenate(rows))


def main():
    directory = prepare.prepared().float32
    prompts = [prompt["ids"] for prompt in json.loads((corpus.GOLDENS / "llama_cpp.json").read_text())["prompts"]]
    said = {"made by": f"tests/real_model/with_mlx_lm.py with mlx-lm {version('mlx-lm')}, mlx {version('mlx')} on {platform.machine()}, {sys.platform}, "
                       "weights dequantized to float32", "from sha256": prepare.GGUF_SHA256}
    np.savez_compressed(corpus.GOLDENS / "mlx_lm.npz", provenance=np.array(json.dumps(said)), **computed(directory, prompts))


if __name__ == "__main__":
    main()
