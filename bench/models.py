"""The models that the bench measures: random weights in real shapes, made once and kept in .cache/bench."""

import hashlib
import json
import pathlib
import sys

import gguf_tensors
import mlx_tensors
from child import Failed, output_of
from progress import say
from settings import CACHE, ROOT
from shapes import LLAMA_1B, QWEN_4B, QWEN_HYBRID, QWEN_MOE, QWEN_VL, SHAPES, TINY, TINY_REAL_WORDS  # noqa: F401, for those who measure

BITS, GROUP_SIZE = 4, 64
MAKE_SECONDS_MAX = 900
BENCH = ROOT / "bench"


def _made(what, out, shape, makers, command):
    """Runs `command` unless `out` was made by the makers as they are now, of the shape as it is."""
    sources = [(BENCH / name).read_bytes() for name in makers]
    key = hashlib.sha256(b"".join([json.dumps(SHAPES[shape]).encode(), *sources])).hexdigest()
    stamp = CACHE / f"{out.name}.made"
    if out.exists() and stamp.exists() and stamp.read_text() == key:
        return out
    CACHE.mkdir(parents=True, exist_ok=True)
    say(f"making {what} ...")
    output_of(f"{what} could not be made", command, MAKE_SECONDS_MAX)
    stamp.write_text(key)
    return out


def model(shape):
    out = CACHE / shape
    makers = ["random_model.py", "random_vision_tower.py", "mlx_tensors.py", "safetensors_file.py"]
    return _made(f"a random model in the shape of {shape}", out, shape, makers,
                 [sys.executable, BENCH / "random_model.py", shape, out, "--bits", BITS, "--group-size", GROUP_SIZE])


def gguf(shape, llama_python):
    if not pathlib.Path(llama_python).exists():
        raise Failed(f"llama.cpp is not installed ({llama_python} is missing); ./dev bench installs it")
    out = CACHE / f"{shape}.gguf"
    return _made(f"{shape} as GGUF", out, shape, ["write_gguf.py", "gguf_tensors.py"],
                 [llama_python, BENCH / "write_gguf.py", shape, out])


def touched_bytes(shape):
    """What one token of one sequence reads, as model() stores it: all but the experts and rows that it does not choose."""
    return mlx_tensors.touched_bytes(SHAPES[shape], BITS, GROUP_SIZE)


def gguf_touched_bytes(shape):
    """The same of gguf()."""
    return gguf_tensors.touched_bytes(SHAPES[shape])
