#!/usr/bin/env python3
"""Runs a command for each source that changed since it last passed.

    each_source.py --cache DIR --key FILE... --jobs N SOURCE... -- COMMAND ... {} ...

`{}` stands for the source, `{name}` for it with dots for slashes. A source is skipped when it, all it
includes of this tree, the command and the key files are as they were when the command last
succeeded for it.
"""

import argparse
import hashlib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import source_tree

SECONDS_MAX = 900  # of one command


def parse(arguments):
    split = arguments.index("--")
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--key", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("sources", nargs="*")
    return parser.parse_args(arguments[:split]), arguments[split + 1 :]


def main():
    options, command = parse(sys.argv[1:])
    options.cache.mkdir(parents=True, exist_ok=True)
    key = " ".join(command + [source_tree.content_hash(name) for name in options.key])
    started = time.monotonic()
    done = 0

    def run(source):
        text = f"{key} {source_tree.closure_hash(source)}"
        stamp = options.cache / hashlib.sha256(f"{source} {text}".encode()).hexdigest()
        if stamp.exists():
            return source, None
        name = source.replace("/", ".")
        filled = [part.replace("{}", source).replace("{name}", name) for part in command]
        ran = subprocess.run(
            filled, cwd=source_tree.ROOT, capture_output=True, text=True, timeout=SECONDS_MAX
        )
        if ran.returncode == 0:
            stamp.touch()
        return source, ran

    failed = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for source, ran in pool.map(run, options.sources):
            done += 1
            if ran is None:
                continue
            if ran.returncode != 0:
                failed.append(source)
                print(f"{source}: FAILED\n{ran.stdout}{ran.stderr}", flush=True)
            else:
                print(f"[{done}/{len(options.sources)}] {source}", flush=True)
    seconds = time.monotonic() - started
    for source in failed:
        print(f"failed: {source}")
    print(f"{done - len(failed)} of {done} files pass ({seconds:.0f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
