"""llama.cpp's vocabularies as GGUF files, each with texts and the ids that its maker's tokenizer gives, under .cache/real_model.

They lie in the source package of llama-cpp-python (73 MB, fetched once); nothing of it is installed, built or run but what pip needs to
know its name.
"""

import fcntl
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from . import prepare

SOURCES = Path(__file__).resolve().parent / "vocabularies.txt"
FOLDER = "vendor/llama.cpp/models"
BETWEEN = "\n__ggml_vocab_test__\n"


def download(folder):
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--progress-bar", "off", "--no-deps",
               "--no-binary", ":all:", "--require-hashes", "--dest", folder, "--requirement", SOURCES]
    run = subprocess.run(command, capture_output=True, text=True, timeout=prepare.DOWNLOAD_SECONDS_MAX)
    if run.returncode:
        raise RuntimeError(f"llama.cpp's vocabularies could not be fetched from the package index (73 MB, once). pip said:\n"
                           f"{run.stdout}{run.stderr}")
    return next(Path(folder).glob("*.tar.gz"))


def fetched():
    """The folder with ggml-vocab-NAME.gguf, .gguf.inp and .gguf.out."""
    prepare.CACHE.mkdir(parents=True, exist_ok=True)
    out = prepare.CACHE / "vocabularies"
    with open(prepare.CACHE / "vocabularies.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            with tempfile.TemporaryDirectory(dir=prepare.CACHE) as folder:
                with tarfile.open(download(folder)) as archive:
                    part = Path(folder) / "vocabularies"
                    part.mkdir()
                    for member in archive:
                        path = Path(member.name)
                        if member.isfile() and path.parent.match(f"*/{FOLDER}") and path.name.startswith("ggml-vocab-"):
                            with archive.extractfile(member) as source, open(part / path.name, "wb") as to:
                                shutil.copyfileobj(source, to)
                part.rename(out)
    return out


def texts_and_ids(path):
    """[(text, ids)] of a vocabulary, without tokens that are put around a text."""
    texts = path.with_name(path.name + ".inp").read_bytes().decode().split(BETWEEN)
    lines = path.with_name(path.name + ".out").read_text().splitlines()
    return [(text, [int(number) for number in line.split()]) for text, line in zip(texts, lines)]
