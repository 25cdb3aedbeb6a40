"""Text and pictures at once on the built-in model, every answer checked: `sanctum stress` with eight workers."""

import contextlib
import json
import subprocess

from child import Failed
from contestants import ALONE, SANCTUM
from rounds import measure, opened
from server import SanctumServer
from settings import PROGRAMS, SMOKE
from table import Group

WORKERS = 4  # in each of the two pipelines
SECONDS_QUICK, SECONDS_FULL = 10, 20
END_SECONDS_MAX = 90


def right_answers_per_second(server, seconds):
    command = [str(PROGRAMS / "sanctum"), "stress", "--url", server.tls_url, "--state-dir", server.state,
               "--duration", f"{seconds}s", "--workers", str(WORKERS), "--json"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + END_SECONDS_MAX)
        told = json.loads(run.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise Failed(f"sanctum stress failed: {error}") from None
    if told["verdict"] != "PASS":
        raise Failed(f"sanctum stress ended with {told['verdict']}: a rate would say nothing")
    return sum(pipeline["ok"] for pipeline in told["pipelines"].values()) / told["elapsed_s"]


def run(settings):
    with contextlib.ExitStack() as stack:
        yield measured(settings, stack)


def measured(settings, stack):
    seconds = SECONDS_QUICK if settings.quick else SECONDS_FULL
    group = Group("mixed", "text and pictures, built-in model, over mutual TLS", [SANCTUM, ALONE],
                  [("batched/alone", SANCTUM, ALONE)])
    there, reasons = opened(stack, {
        SANCTUM: lambda: SanctumServer("sanctum serve mixed", SMOKE, tls=True),
        ALONE: lambda: SanctumServer("sanctum serve mixed alone", SMOKE, "--max-sequences", 1, tls=True)})
    group.rows.append(measure(f"{2 * WORKERS} workers, right answers", "answers/s",
                              {name: lambda one=one: right_answers_per_second(one, seconds)
                               for name, one in there.items()}, settings.repeats, reasons))
    return group
