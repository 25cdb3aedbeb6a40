"""llama.cpp and the gguf package on the same file, in bench's venv: what our own reading of it is held to.

    .cache/bench/venv/bin/python tests/real_model/with_llama_cpp.py record MODEL.gguf
    .cache/bench/venv/bin/python tests/real_model/with_llama_cpp.py logits MODEL.gguf < tokens.json > logits.f32

`record` writes the goldens llama_cpp.json and gguf.json: the token ids of every line of the corpus and of all of it as
one text; of each prompt its ids and, at every position, the likeliest token and its log probability; of every tensor
the SHA-256 of its float32 values as the gguf package dequantizes them. `logits`: float32 [tokens, vocabulary].
"""

import hashlib
import json
import platform
import sys
from importlib.metadata import version

import numpy as np

import corpus

BATCH = 512  # tokens of one call


class Llama:
    def __init__(self, path):
        import llama_cpp

        self.api = llama_cpp
        llama_cpp.llama_log_set(self.silent(), None)
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.size = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = llama_cpp.llama_model_n_ctx_train(self.model), BATCH, BATCH
        self.context = llama_cpp.llama_init_from_model(self.model, params)

    def silent(self):
        self.keep = self.api.llama_log_callback(lambda *_: None)
        return self.keep

    def ids(self, text, special=False):
        data = text.encode()
        out = (self.api.llama_token * (len(data) + 1))()
        count = self.api.llama_tokenize(self.vocabulary, data, len(data), out, len(out), False, special)
        assert count >= 0
        return list(out[:count])

    def logits(self, tokens):
        """Of one text, a batch at a time."""
        self.api.llama_memory_clear(self.api.llama_get_memory(self.context), True)
        for begin in range(0, len(tokens), BATCH):
            piece = tokens[begin:begin + BATCH]
            batch = self.api.llama_batch_init(len(piece), 0, 1)
            batch.n_tokens = len(piece)
            for i, token in enumerate(piece):
                batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, begin + i, 1, True
                batch.seq_id[i][0] = 0
            assert self.api.llama_decode(self.context, batch) == 0
            yield np.ctypeslib.as_array(self.api.llama_get_logits(self.context), (len(piece), self.size)).copy()
            self.api.llama_batch_free(batch)


def of_prompt(llama, text):
    ids = llama.ids(text, special=True)
    rows = np.concatenate(list(llama.logits(ids))).astype(np.float64)
    rows -= np.log(np.exp(rows - rows.max(-1, keepdims=True)).sum(-1, keepdims=True)) + rows.max(-1, keepdims=True)
    best = rows.argmax(-1)
    return {"ids": ids, "likeliest": best.tolist(), "logprobs": [round(float(row[at]), 4) for row, at in zip(rows, best)]}


def record(path):
    from gguf import GGUFReader
    from gguf.quants import dequantize

    llama = Llama(path)
    with open(path, "rb") as file:
        source = {"file": "SmolLM2-135M-Instruct.Q4_1.gguf", "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    said = {
        "made by": f"tests/real_model/with_llama_cpp.py with llama-cpp-python {version('llama-cpp-python')} on {platform.machine()}", "from": source,
        "lines": [llama.ids(line) for line in corpus.lines()],
        "whole": llama.ids("\n".join(corpus.lines()) + "\n"),
        "prompts": [of_prompt(llama, text) for text in json.loads((corpus.HERE / "prompts.json").read_text(encoding="utf-8"))],
    }
    (corpus.GOLDENS / "llama_cpp.json").write_text(json.dumps(said, separators=(",", ":")) + "\n")
    tensors = {tensor.name: hashlib.sha256(np.ascontiguousarray(dequantize(tensor.data, tensor.tensor_type), dtype="<f4").tobytes()).hexdigest()
               for tensor in GGUFReader(path).tensors}
    said = {"made by": f"tests/real_model/with_llama_cpp.py with gguf {version('gguf')}", "from": source, "sha256 of the float32 values": tensors}
    (corpus.GOLDENS / "gguf.json").write_text(json.dumps(said, indent=0) + "\n")


def logits(path):
    for rows in Llama(path).logits(json.load(sys.stdin)):
        sys.stdout.buffer.write(rows.tobytes())


if __name__ == "__main__":
    {"record": record, "logits": logits}[sys.argv[1]](sys.argv[2])
