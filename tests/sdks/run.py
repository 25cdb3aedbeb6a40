"""Clients' libraries as they come from PyPI and npm, over loopback, on the real engine: ./dev sdks [SDK...]

Prints a table: of each how many calls were answered, which were refused and in what words. Ends with 1 where one came out otherwise.
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import npm  # noqa: E402
import script  # noqa: E402
import tiny_families  # noqa: E402
from sanctum_server import Server  # noqa: E402

CACHE = npm.CACHE / "sdks"
SDKS = json.loads((HERE / "sdks.json").read_text())
NODE_PACKAGES = json.loads((HERE / "node" / "packages.json").read_text())
CALLS_SECONDS_MAX = 600  # of one SDK


def python_command(name):
    """Words that run its calls, in an environment of its own: no two of them want the same versions."""
    requirements = HERE / "python" / f"{name}.txt"
    place = CACHE / "python" / name
    there = place / "there.txt"
    if not there.exists() or there.read_text() != requirements.read_text():
        venv.create(place, with_pip=True, clear=True)
        npm.run(name, [place / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement", requirements])
        there.write_text(requirements.read_text())
    return [place / "bin" / "python", HERE / "python" / f"{name}_calls.py"]


def node_command(name):
    """The calls are copied beside node_modules, where Node.js looks for packages."""
    npm.install(CACHE / "node", NODE_PACKAGES)
    for source in (HERE / "node").glob("*.mjs"):
        (CACHE / "node" / source.name).write_text(source.read_text())
    return ["node", CACHE / "node" / f"{name}_calls.mjs"]


def version(name):
    package = SDKS[name].get("package", name)
    if SDKS[name]["language"] == "node":
        return NODE_PACKAGES[package]
    lines = (HERE / "python" / f"{name}.txt").read_text().splitlines()
    return next(line.split("==")[1] for line in lines if line.startswith(package + "=="))


def results(command, server, home):
    """What each call came to. Raises RuntimeError where the SDK did not get to its end."""
    words = json.dumps({"HELLO": script.HELLO, "SUNNY": script.SUNNY})
    environment = {"PATH": npm.path(), "HOME": str(home), "LANG": "C.UTF-8", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1",
                   "SANCTUM_SDK_URL": server.url, "SANCTUM_SDK_WORDS": words}
    done = subprocess.run([str(word) for word in command], env=environment, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=CALLS_SECONDS_MAX)
    sys.stderr.write(done.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"call"')]
    if done.returncode != 0 or not lines:
        raise RuntimeError(f"ended with {done.returncode} after {len(lines)} calls: {done.stderr[-400:]}")
    return lines


def row(name, lines):
    def of(came):
        return [line for line in lines if line["came"] == came]

    def told(came):
        return "; ".join(f"{line['call']}: {line['what']}".replace("|", "\\|") for line in of(came))
    return f"| {SDKS[name]['title']} {version(name)} | {len(of('answered'))} of {len(lines)} | {told('refused')} | {told('wrong')} |"


def main():
    names = sys.argv[1:] or list(SDKS)
    if unknown := set(names) - set(SDKS):
        sys.exit(f"dev sdks: there is no {', '.join(sorted(unknown))}; there are {', '.join(SDKS)}")
    commands = {name: {"python": python_command, "node": node_command}[SDKS[name]["language"]](name) for name in names}
    failed = False
    with tempfile.TemporaryDirectory(prefix="sanctum-sdks-") as root:
        root = Path(root)
        (root / "home").mkdir()
        (root / "script.json").write_text(json.dumps(script.LINES))
        model = tiny_families.family("qwen3", root)
        server = Server(root / "state", "--probes", "off", f"scripted={model}", "smoke",
                        environment={**os.environ, "SANCTUM_SCRIPT": str(root / "script.json")}).start()
        try:
            print(f"{datetime.date.today()}; each library unmodified, over loopback\n\n| library | answered | refused | otherwise |\n|---|---|---|---|", flush=True)
            for name in names:
                try:
                    lines = results(commands[name], server, root / "home")
                except (RuntimeError, subprocess.TimeoutExpired) as wrong:
                    lines = [{"call": "all", "came": "wrong", "what": " ".join(str(wrong).split())}]
                failed |= any(line["came"] == "wrong" for line in lines)
                print(row(name, lines), flush=True)
        finally:
            server.stop()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
