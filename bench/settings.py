"""What one run of the bench was asked for, and where it finds and keeps things."""

import dataclasses
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
SMOKE = ROOT / "models" / "smoke"
PROGRAMS = pathlib.Path(os.environ.get("SANCTUM_BUILD_DIR", ROOT / "build" / "bin"))
LLAMA_PYTHON = CACHE / "venv" / "bin" / "python"

REPEATS_QUICK, REPEATS_FULL = 2, 3


def processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@dataclasses.dataclass(frozen=True)
class Settings:
    quick: bool = False
    repeats: int = REPEATS_FULL
    llama_python: pathlib.Path = LLAMA_PYTHON
    threads: int = dataclasses.field(default_factory=processors)  # llama.cpp's
