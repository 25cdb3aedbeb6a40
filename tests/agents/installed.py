"""The agents, pinned, from npm, under .cache/agents."""

import json
import shutil
from pathlib import Path

import npm

CACHE = npm.CACHE / "agents"
PACKAGES = json.loads((Path(__file__).parent / "packages.json").read_text())


def environment():
    """A clean one: no settings and no keys of the person's, a home of its own, nothing reached beyond this machine by itself."""
    home = CACHE / "home"
    shutil.rmtree(home, ignore_errors=True)
    (home / ".codex").mkdir(parents=True)  # Codex makes none
    return {"PATH": npm.path(CACHE / "npm" / "node_modules" / ".bin"), "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb", "IS_SANDBOX": "1",
            "CODEX_HOME": str(home / ".codex"), "XDG_CONFIG_HOME": str(home / ".config"), "XDG_DATA_HOME": str(home / ".local" / "share")}


def install(names):
    npm.install(CACHE / "npm", {PACKAGES[name]["package"]: PACKAGES[name]["version"] for name in names})
