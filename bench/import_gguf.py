"""`sanctum models import` of a real GGUF file, the whole command, beside a copy of the file."""

import os
import shutil
import tempfile
import time
from pathlib import Path

from child import Failed, output_of
from rounds import measure
from settings import CACHE, PROGRAMS, ROOT
from table import Group

FILE = ROOT / ".cache" / "real_model" / "SmolLM2-135M-Instruct.Q4_1.gguf"
IMPORT, COPY = "import", "copy"
IMPORT_SECONDS_MAX = 120


def seconds_of(work):
    """What `work` takes that writes to the path it is given, in a directory on the disk where models are."""
    with tempfile.TemporaryDirectory(dir=CACHE) as directory:
        begin = time.perf_counter()
        work(Path(directory) / "out")
        return time.perf_counter() - begin


def import_to(out):
    output_of("sanctum models import", [PROGRAMS / "sanctum", "models", "import", FILE, out], IMPORT_SECONDS_MAX)


def copy_to(out):
    shutil.copyfile(FILE, out)
    with open(out, "rb") as file:
        os.fsync(file.fileno())


def run(settings):
    if not FILE.exists():
        raise Failed(f"{FILE} is missing; ./dev setup fetches it")
    group = Group("import", "sanctum models import", [IMPORT, COPY], [("import/copy", IMPORT, COPY)],
                  notes=["the whole command, tokenizer and template included; the file is in the page cache for both"])
    seconds_of(copy_to)  # so that it is
    group.rows.append(measure(f"{FILE.name}, {FILE.stat().st_size / 1e6:.0f} MB", "s",
                              {IMPORT: lambda: seconds_of(import_to), COPY: lambda: seconds_of(copy_to)},
                              settings.repeats))
    yield group
