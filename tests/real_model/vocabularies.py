"""llama.cpp's vocabularies as GGUF files, each with texts and the ids that its maker's tokenizer gives, under .cache/real_model.

They lie in the source package of llama-cpp-python (73 MB, fetched once); nothing of it is installed, built or run but what pip needs to
know its name.
"""

from pathlib import Path

from . import prepare

SOURCES = Path(__file__).resolve().parent / "vocabularies.txt"
FOLDER = "vendor/llama.cpp/models"
BETWEEN = "\n__ggml_vocab_test__\n"


def fetched():
    """The folder with ggml-vocab-NAME.gguf, .gguf.inp and .gguf.out."""
    def place_of(path):
        return path.name if path.parent.match(f"*/{FOLDER}") and path.name.startswith("ggml-vocab-") else None
    return prepare.unpacked("vocabularies", SOURCES, "llama.cpp's vocabularies (73 MB, once) could not be fetched from the package index.", place_of)


def texts_and_ids(path):
    """[(text, ids)] of a vocabulary, without tokens that are put around a text."""
    texts = path.with_name(path.name + ".inp").read_bytes().decode().split(BETWEEN)
    lines = path.with_name(path.name + ".out").read_text().splitlines()
    return [(text, [int(number) for number in line.split()]) for text, line in zip(texts, lines)]
