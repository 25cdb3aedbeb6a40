"""The stress test beside the same server limited to one sequence at a time, the global lock of old."""

import json
import subprocess

from programs import SMOKE_MODEL, count, program

SECONDS = count(6, 60)


def stress(server):
    state = server.state_dir
    run = subprocess.run([program("sanctum"), "stress", "--url", server.mtls_url, "--state-dir", str(state),
                          "--duration", f"{SECONDS}s", "--workers", "4", "--json"],
                         capture_output=True, text=True, timeout=SECONDS + 60)
    told = json.loads(run.stdout)
    assert (run.returncode, told["verdict"]) == (0, "PASS"), run.stdout
    return sum(pipeline["ok"] for pipeline in told["pipelines"].values()) / told["elapsed_s"]


def test_eight_workers_batched_and_one_at_a_time(start_server):
    batched = stress(start_server(str(SMOKE_MODEL)))
    alone = stress(start_server(str(SMOKE_MODEL), "--max-sequences", "1"))
    print(f"8 workers over mTLS, right answers a second: {batched:.2f} batched, {alone:.2f} one sequence at a time, "
          f"ratio {batched / alone:.2f}")
