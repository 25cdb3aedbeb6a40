"""Where the programs are, and how many times a long test repeats."""

import os
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(os.environ.get("SANCTUM_BUILD_DIR", ROOT / "build" / "bin"))
SMOKE_MODEL = ROOT / "models" / "smoke"
BUILT_IN = "sanctum-smoke"  # the name of the model in SMOKE_MODEL
BUSY_FACTOR = 20
PROVE = os.environ.get("SANCTUM_PROVE", "") not in ("", "0")


def count(short, long):
    """How often: the short count in a test run, the long one when proving."""
    return long if PROVE else short


def at_most(seconds):
    """A bound on what something may take: as it stands when proving, on a machine of our own. In a short run others use the machine too, and it only
    tells what is slow from what never comes."""
    return seconds * count(BUSY_FACTOR, 1)


def program(name):
    path = BIN / name
    if not path.exists():
        pytest.fail(f"{path} is not built; run ./dev build or set SANCTUM_BUILD_DIR")
    return str(path)


def bound_by_rights():
    """Words before a program that may do with files what their rights say; root's may read them all."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def wait_until(condition, seconds, what):
    """Polls until `condition` holds and returns what it gave; for state that nobody announces."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.02)
