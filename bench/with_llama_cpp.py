"""llama.cpp on a random model that write_gguf.py made. Runs in a venv of its own.

    python bench/with_llama_cpp.py MODEL.gguf THREADS

Answers one JSON line for each on its input: {"prompt": tokens} gives prompt tokens per second,
{"decode": sequences, "tokens": n, "depth": tokens} gives tokens per second of all sequences together.
Sampling is left out here, which flatters llama.cpp a little. Asked again for the same sequences and depth,
it keeps their prompts and decodes anew.
"""

import json
import sys
import time


class Context:
    """Room for `sequences` of `cells` tokens each."""

    BATCH, UBATCH = 4096, 512
    UNIFIED_CELLS_MAX = 1024  # of all sequences; beyond it, attention over the others' cells costs more than it saves

    def __init__(self, model, threads, sequences, cells):
        import llama_cpp

        self.api = llama_cpp
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = sequences * cells, self.BATCH, self.UBATCH
        params.n_seq_max = sequences
        params.kv_unified = sequences * cells <= self.UNIFIED_CELLS_MAX
        params.n_threads = params.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(model, params)
        if not self.context:
            sys.exit(f"llama.cpp could not make room for {sequences} sequences of {cells} tokens")
        self.memory = llama_cpp.llama_get_memory(self.context)
        self.batch = llama_cpp.llama_batch_init(self.BATCH, 0, 1)
        self.filled = False
        self.run([(1, 0, 0, True)])  # the first call pays for first touches
        self.clear()

    def clear(self):
        self.api.llama_memory_clear(self.memory, True)

    def run(self, rows):
        """rows: (token, position, sequence, wants logits). Seconds."""
        for i, (token, position, sequence, logits) in enumerate(rows):
            self.batch.token[i] = token
            self.batch.pos[i] = position
            self.batch.n_seq_id[i] = 1
            self.batch.seq_id[i][0] = sequence
            self.batch.logits[i] = logits
        self.batch.n_tokens = len(rows)
        begin = time.perf_counter()
        if self.api.llama_decode(self.context, self.batch) != 0:
            sys.exit("llama_decode failed")
        self.api.llama_synchronize(self.context)
        return time.perf_counter() - begin

    def prompt(self, tokens):
        self.clear()
        return tokens / self.run([(16 + 7 * i % 200, i, 0, i == tokens - 1) for i in range(tokens)])

    def decode(self, sequences, tokens, depth):
        for sequence in range(sequences):
            if not (self.filled and self.api.llama_memory_seq_rm(self.memory, sequence, depth, -1)):
                # New, or a state that cannot go back.
                self.api.llama_memory_seq_rm(self.memory, sequence, -1, -1)
                self.run([(16 + (7 * i + sequence) % 200, i, sequence, i == depth - 1) for i in range(depth)])
        self.filled = True
        seconds = 0.0
        for n in range(-1, tokens):  # the step before the first is not counted: here it would be a graph's first
            took = self.run([(16 + (3 * n + s) % 200, depth + 1 + n, s, True) for s in range(sequences)])
            seconds += took if n >= 0 else 0
        return sequences * tokens / seconds

    def close(self):
        self.api.llama_batch_free(self.batch)
        self.api.llama_free(self.context)


class Contexts:
    """The context of each kind of question; a large one makes room for the next."""

    LARGE_CELLS = 8192
    STEP = 256  # llama.cpp pads to this

    def __init__(self, path, threads):
        import llama_cpp

        self.threads, self.open = threads, {}
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
        if not self.model:
            sys.exit(f"llama.cpp cannot load {path}; remove the file and it is made anew")

    def of(self, kind, sequences, tokens):
        cells = -(-tokens // self.STEP) * self.STEP
        key = (kind, sequences, cells)
        if key not in self.open:
            for old in [old for old in self.open if old[1] * old[2] >= self.LARGE_CELLS]:
                self.open.pop(old).close()
            self.open[key] = Context(self.model, self.threads, sequences, cells)
        return self.open[key]

    def answer(self, wanted):
        if "prompt" in wanted:
            return self.of("prompt", 1, wanted["prompt"]).prompt(wanted["prompt"])
        sequences, tokens, depth = wanted["decode"], wanted["tokens"], wanted.get("depth", 16)
        return self.of(("decode", depth), sequences, depth + tokens + 1).decode(sequences, tokens, depth)


def serve(path, threads):
    contexts = Contexts(path, threads)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"rate": contexts.answer(json.loads(line))}), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
