"""The machine: its name, its cores, and what its memory and its integer units can do at most."""

import json
import os
import pathlib
import platform
import subprocess
import time

from child import output_of
from progress import say
from settings import PROGRAMS

MEASURE_SECONDS_MAX = 120
BUSY = 0.5  # load average of a machine that does something else
BUSY_REMARK = "; others use this machine, so take these figures with care"


def processor():
    path = pathlib.Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def read_seconds(bytes_read, times):
    """That all cores together take for reading as many, the mean of `times` one after the other."""
    program = PROGRAMS / "sanctum-machine"
    return json.loads(output_of(program.name, [program, "read", bytes_read, times], MEASURE_SECONDS_MAX))["read_s"]


def limits():
    """(what sanctum-machine measured, or an empty dict; a remark)."""
    program = PROGRAMS / "sanctum-machine"
    if not program.exists():
        return {}, f"{program.name} is not built: no read bandwidth and no int8 peak"
    say("read bandwidth and int8 peak ...")
    try:
        run = subprocess.run([str(program)], capture_output=True, text=True, timeout=MEASURE_SECONDS_MAX, check=True)
        return json.loads(run.stdout), ""
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return {}, f"{program.name} failed, so no read bandwidth and no int8 peak: {error}"


def describe(settings):
    """`cores`: as many threads as this engine has. Two hyperthreads are one core, and a quota may leave fewer."""
    load = os.getloadavg()[0]  # before the bench itself adds to it
    measured, remark = limits()
    cores = measured.get("threads", settings.threads)
    return {"processor": processor(), "cores": cores, "date": time.strftime("%Y-%m-%d"),
            "system": platform.platform(terse=True), "load": load, "remark": remark, **measured}


def lines(machine):
    yield f"{machine['processor']}, {machine['cores']} cores, {machine['date']}"
    yield f"load average before: {machine['load']:.1f}" + ("" if machine["load"] < BUSY else BUSY_REMARK)
    if "read_gb_s" in machine:
        yield (f"read bandwidth {machine['read_gb_s']:.1f} GB/s, int8 peak {machine['int8_gop_s']:.0f} Gop/s "
               f"({machine['isa']}), all cores")
    if machine["remark"]:
        yield machine["remark"]
