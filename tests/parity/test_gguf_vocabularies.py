"""Tokenizers that are imported from GGUF: the ids of llama.cpp's own test texts."""

import subprocess

import pytest
from test_text import Probe

from programs import PROVE, program
from real_model import vocabularies

KNOWN = ["command-r", "deepseek-coder", "deepseek-llm", "gemma-4", "gpt-2", "llama-bpe", "llama-spm", "mpt", "phi-3", "qwen2", "qwen35", "refact",
         "starcoder"]
REFUSED = {"aquila": "tokenizer.ggml.pre is missing", "bert-bge": '"bert", which is not known', "falcon": '"falcon", which is not known',
           "nomic-bert-moe": '"t5", which is not known'}
TEXTS_MIN = 40
BEGINS_WITH = {"command-r": 5, "gemma-4": 2, "llama-bpe": 128000, "llama-spm": 1, "phi-3": 1}  # that a text is given

pytestmark = pytest.mark.skipif(not PROVE, reason="./dev prove: the vocabularies are 73 MB to fetch")


@pytest.fixture(scope="module")
def folder():
    return vocabularies.fetched()


def tokenizer_of(folder, name, out):
    run = subprocess.run([program("sanctum-gguf-probe"), "tokenizer", folder / f"ggml-vocab-{name}.gguf", out],
                         capture_output=True, text=True, timeout=120)
    if run.returncode:
        raise ValueError(run.stderr)


@pytest.mark.parametrize("name", KNOWN)
def test_ids_are_those_of_llama_cpp(name, folder, tmp_path):
    tokenizer_of(folder, name, tmp_path)
    probe = Probe(tmp_path)
    try:
        pairs = vocabularies.texts_and_ids(folder / f"ggml-vocab-{name}.gguf")
        assert len(pairs) > TEXTS_MIN
        for text, ids in pairs:
            assert probe.ask("encode", text=text, add_special=False) == ids, repr(text)
        if name in BEGINS_WITH:
            text, ids = pairs[0]
            assert probe.ask("encode", text=text, add_special=True) == [BEGINS_WITH[name], *ids]
    finally:
        probe.close()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_is_refused_by_name(name, folder, tmp_path):
    with pytest.raises(ValueError, match=REFUSED[name]):
        tokenizer_of(folder, name, tmp_path)
