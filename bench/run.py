"""What the engine does per second on this machine: prompt and decode tokens, one sequence and several.

    python bench/run.py [--engine build/bin/sanctum-engine] [--model DIR ...] [--json OUT]

Drives sanctum-engine over its standard input and output, so that HTTP is not part of the figures. Each
row is the median of its repeats; rows of different models run one after the other. The times are the
engine's own phase timings.
"""

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Engine:
    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, "--log-level", "warn", *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.sent = 0

    def send(self, method, params):
        self.sent += 1
        message = {"jsonrpc": "2.0", "id": self.sent, "method": method, "params": params}
        self.process.stdin.write(json.dumps(message) + "\n")
        return self.sent

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the engine ended")
        message = json.loads(line)
        if "error" in message:
            sys.exit(message["error"]["message"])
        return message

    def call(self, method, params):
        number = self.send(method, params)
        while True:
            message = self.read()
            if message.get("id") == number:
                return message["result"]

    def generate(self, count, prompt_tokens, output_tokens):
        """`count` requests at once; returns (seconds for all, the completions)."""
        begin = time.perf_counter()
        for i in range(count):
            self.send("generate", {
                "request": f"{self.sent}", "model": "m", "prompt_ids": [(7 * j + i) % 200 + 16 for j in range(prompt_tokens)],
                "sampling": {"temperature": 0, "max_tokens": output_tokens, "ignore_eos": True}})
        done = []
        while len(done) < count:
            message = self.read()
            if message.get("method") == "completed":
                done.append(message["params"])
        return time.perf_counter() - begin, done

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def prompt_rate(engine, tokens, repeats):
    rates = []
    for _ in range(repeats):
        _, done = engine.generate(1, tokens, 1)
        rates.append(tokens / (done[0]["timings"]["prefill_us"] / 1e6))
    return statistics.median(rates)


def decode_rate(engine, sequences, tokens, repeats):
    rates = []
    for _ in range(repeats):
        _, done = engine.generate(sequences, 16, tokens)
        longest = max(one["timings"]["decode_us"] for one in done) / 1e6
        rates.append(sequences * (tokens - 1) / longest)
    return statistics.median(rates)


def measure(program, model, repeats, scale):
    engine = Engine(program)
    begin = time.perf_counter()
    info = engine.call("load_model", {"model": "m", "path": str(model)})
    rows = {"load_s": time.perf_counter() - begin}
    engine.generate(1, 8, 2)  # the first request pays for first touches
    for tokens in (128, 512):
        rows[f"prompt_{tokens // scale}_tokens_per_s"] = prompt_rate(engine, tokens // scale, repeats)
    for sequences in (1, 4, 8):
        rows[f"decode_{sequences}_tokens_per_s"] = decode_rate(engine, sequences, max(4, 64 // scale), repeats)
    stats = engine.call("stats", {})
    engine.close()
    return {"model": model.name, "architecture": info["architecture"], "quantization": info["quantization"],
            "weight_mb": info["weight_bytes"] / 1e6, "peak_mb": stats["peak_bytes"] / 1e6, **rows}


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if pathlib.Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default=str(ROOT / "build/bin/sanctum-engine"))
    parser.add_argument("--model", type=pathlib.Path, action="append", help="a model directory; the built-in one by default")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scale", type=int, default=1, help="divide prompt and output lengths, for large models")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    print(f"{processor()}, {time.strftime('%Y-%m-%d')}, medians of {options.repeats}")
    results = []
    for model in options.model or [ROOT / "models/smoke"]:
        result = measure(options.engine, model, options.repeats, options.scale)
        results.append(result)
        for name, value in result.items():
            print(f"  {name:28} {value:.1f}" if isinstance(value, float) else f"  {name:28} {value}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
