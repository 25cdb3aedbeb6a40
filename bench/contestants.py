"""Who computes prompts and decodes sequences: this engine in two settings, and llama.cpp; and what memory would allow.

Each has prompt(tokens) and decode(sequences, tokens, depth), both in tokens a second; the last only decodes.
"""

import json

import machine
import prompts
from child import Child, Failed
from engine import Engine
from settings import ROOT

SANCTUM, ALONE, LLAMA, READ = "sanctum", "one at a time", "llama.cpp", "plain read"
SEQUENCES_MAX = 32
STREAM_TOKENS_MAX = 1024  # more than any stream says before all of them decode
MEMORY = ["--kv-bytes", "4GiB", "--prefix-cache-bytes", "2GiB"]  # eight prompts of 4096 tokens stay cached
LLAMA_SECONDS_MAX = 900


class Batched:
    """All requests at once."""

    def __init__(self, model, settings, more=()):
        self.engine = Engine(f"engine {SANCTUM}", "--max-sequences", SEQUENCES_MAX, *MEMORY, *more)
        self.engine.load(model)
        self.prompt(8)  # the first request pays for first touches

    def prompt(self, tokens):
        request = self.engine.ask(prompts.cold(tokens), 1)
        self.engine.finish([request])
        if request.usage["cached_tokens"]:
            raise Failed("a prompt that should be cold was found in the prefix cache")
        return tokens / (request.timings["prefill_us"] / 1e6)

    def decode(self, sequences, tokens, depth, **more):
        """From the first step that decodes all of them to the one `tokens` steps later. `more`: as Engine.ask()'s."""
        engine = self.engine
        # Every prompt first: a stream that decoded while the others' were computed would end before they began.
        engine.finish([engine.ask(prompts.fixed(i, depth), 1) for i in range(sequences)])
        engine.frames.clear()
        requests = [engine.ask(prompts.fixed(i, depth), STREAM_TOKENS_MAX, **more) for i in range(sequences)]
        names = {request.name for request in requests}

        def full():
            return [frame for frame in engine.frames if names <= frame[1].keys()]

        engine.until(lambda: len(full()) > tokens, f"{sequences} sequences decode together")
        frames = full()[:tokens + 1]
        engine.cancel(requests)
        said = sum(sum(rows[name] for name in names) for _, rows in frames[1:])
        return said / (frames[-1][0] - frames[0][0])

    def close(self):
        self.engine.close()


class OneAtATime(Batched):
    """The same engine with --max-sequences 1: the others wait."""

    def __init__(self, model, settings):
        self.engine = Engine(f"engine {ALONE}", "--max-sequences", 1)
        self.engine.load(model)
        self.prompt(8)

    def decode(self, sequences, tokens, depth):
        requests = [self.engine.ask(prompts.fixed(i, depth), tokens + 1) for i in range(sequences)]
        self.engine.finish(requests)
        self.engine.frames.clear()
        return sequences * tokens / (sum(request.timings["decode_us"] for request in requests) / 1e6)


class LlamaCpp:
    """llama.cpp in a process and a venv of its own, without sampling."""

    def __init__(self, gguf, settings):
        self.child = Child(LLAMA, [settings.llama_python, ROOT / "bench" / "with_llama_cpp.py", gguf,
                                   settings.threads])
        self.child.line(LLAMA_SECONDS_MAX)

    def ask(self, **wanted):
        self.child.write(json.dumps(wanted))
        return json.loads(self.child.line(LLAMA_SECONDS_MAX))["rate"]

    def prompt(self, tokens):
        return self.ask(prompt=tokens)

    def decode(self, sequences, tokens, depth):
        return self.ask(decode=sequences, tokens=tokens, depth=depth)

    def close(self):
        self.child.close()


class PlainRead:
    """Reads as many bytes as a token of one sequence touches, and computes nothing."""

    def __init__(self, touched):
        self.touched = touched

    def decode(self, sequences, tokens, depth):
        assert sequences == 1
        return 1 / machine.read_seconds(self.touched, tokens)

    def close(self):
        pass
