"""The models that the bench measures: random weights in real shapes, made once and kept in .cache/bench."""

import hashlib
import pathlib
import sys

from child import Failed, output_of
from progress import say
from settings import CACHE, ROOT

LLAMA_1B, QWEN_4B, QWEN_VL, TINY = "llama-3.2-1b", "qwen3-4b", "qwen3-vl-2b", "tiny"
MAKE_SECONDS_MAX = 900
BENCH = ROOT / "bench"


def _made(what, out, makers, command):
    """Runs `command` unless `out` was made by the makers as they are now."""
    key = hashlib.sha256(b"".join((BENCH / name).read_bytes() for name in makers)).hexdigest()
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
    return _made(f"a random model in the shape of {shape}", out, ["random_model.py", "random_vision_tower.py"],
                 [sys.executable, BENCH / "random_model.py", shape, out])


def gguf(shape, llama_python):
    if not pathlib.Path(llama_python).exists():
        raise Failed(f"llama.cpp is not installed ({llama_python} is missing); ./dev bench installs it")
    out = CACHE / f"{shape}.gguf"
    return _made(f"{shape} as GGUF", out, ["random_model.py"],
                 [llama_python, BENCH / "with_llama_cpp.py", "write", model(shape) / "config.json", out])


def weight_bytes(path):
    """What one token reads: every tensor, the embedding too because it is the output matrix as well."""
    return sum(file.stat().st_size for file in path.glob("*.safetensors")) if path.is_dir() else path.stat().st_size
