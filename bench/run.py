"""What this machine serves per second, beside llama.cpp and mlx_lm: one run, interleaved, medians.

    ./dev bench [--quick] [--only NAME...] [--repeats N] [--json OUT]

What each row means is in bench/README.md. The table goes to standard output, progress to standard
error, everything measured to .cache/bench/last.json and the curves to .cache/bench/*.svg.
"""

import argparse
import dataclasses
import json
import pathlib
import signal
import sys

import activations
import beside_mlx_lm
import curves
import gaps
import grammars
import import_gguf
import load_and_memory
import machine
import mixed
import over_http
import prefix
import prompt_and_decode
import step_structure
import table
import waiting
from child import Failed
from progress import say
from settings import CACHE, LLAMA_PYTHON, REPEATS_FULL, REPEATS_QUICK, Settings

PLAN = {
    "prompt": prompt_and_decode.prompt,
    "decode": prompt_and_decode.decode,
    "moe": prompt_and_decode.moe,
    "hybrid": prompt_and_decode.hybrid,
    "activations": activations.run,
    "prefix": prefix.run,
    "waiting": waiting.run,
    "gaps": gaps.run,
    "grammar": grammars.run,
    "load": load_and_memory.load,
    "import": import_gguf.run,
    "memory": load_and_memory.memory,
    "http": over_http.run,
    "mixed": mixed.run,
    "mlx-lm": beside_mlx_lm.run,
    "structure": step_structure.run,
}
QUICK = ["prompt", "decode", "waiting", "http", "mixed"]


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the main rows only, in a few minutes")
    parser.add_argument("--only", nargs="+", choices=PLAN, metavar="NAME", help=f"of {', '.join(PLAN)}")
    parser.add_argument("--repeats", type=int, help=f"rounds: {REPEATS_FULL}, or {REPEATS_QUICK} with --quick")
    parser.add_argument("--json", type=pathlib.Path, help="a second place for what last.json says")
    parser.add_argument("--llama-python", type=pathlib.Path, default=LLAMA_PYTHON,
                        help="the Python of a venv with llama-cpp-python and gguf")
    options = parser.parse_args()
    if options.repeats is not None and options.repeats < 1:
        parser.error("--repeats must be at least 1")
    return options


def measured(names, settings):
    """The groups of rows, each as soon as it is there. What fails as a whole is a group without rows."""
    for name in names:
        try:
            yield from PLAN[name](settings)
        except Failed as failure:
            yield table.Group(name, name, [], notes=[f"no figures: {failure}"])


def main():
    options = read_options()
    # A signal that asks for the end must still end the servers and engines.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    repeats = options.repeats or (REPEATS_QUICK if options.quick else REPEATS_FULL)
    settings = Settings(options.quick, repeats, options.llama_python)
    CACHE.mkdir(parents=True, exist_ok=True)
    about = machine.describe(settings)
    settings = dataclasses.replace(settings, threads=about["cores"])
    groups = []
    print("\n".join(machine.lines(about)))
    print(f"medians of {repeats}, round robin" + (", quick run" if options.quick else ""), flush=True)
    for group in measured(options.only or (QUICK if options.quick else list(PLAN)), settings):
        groups.append(group)
        print("\n" + "\n".join(table.lines(group)), flush=True)
        result = {"machine": about, "quick": options.quick, "repeats": repeats,
                  "groups": [group.as_json() for group in groups]}
        for path in [CACHE / "last.json", *([options.json] if options.json else [])]:
            path.write_text(json.dumps(result, indent=1, ensure_ascii=False))
    for path in curves.draw(groups):
        say(f"wrote {path}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
