"""`stop --now` ends a server at once, and not after the drain that two signals in one would have begun."""

import signal
import subprocess
import time

import processes
from programs import PROVE, count, program
from sanctum_server import Server
from test_drain import Stream

STOPS = count(2, 60)
DRAIN_SECONDS = 600
CUT = 3  # exit code
SECONDS_MAX = 3


def test_stop_now_never_waits_for_requests(tmp_path, figures):
    took = []
    for number in range(STOPS):
        server = Server(tmp_path / f"state{number}", "--drain", str(DRAIN_SECONDS), "--probes", "off").start()
        gateway, engine = server.gateway_pid(), server.engine_pid()
        stream = Stream(server)
        try:
            assert stream.spoke.wait(60)
            if number % 2:
                server.process.send_signal(signal.SIGTERM)  # also one that drains already
            begin = time.monotonic()
            result = subprocess.run([program("sanctum"), "stop", "--now", "--limit", "60", "--state-dir", str(server.state_dir)],
                                    capture_output=True, text=True, timeout=120)
            took.append(time.monotonic() - begin)
            assert result.returncode == 0, result.stdout + result.stderr
            assert server.process.wait(10) == CUT
            assert not processes.alive(gateway) and not processes.alive(engine)
        finally:
            server.process.kill()
            server.process.wait()
            stream.said()
    figures.note(f"`stop --now` under a stream, {STOPS} times", f"<= {SECONDS_MAX} s", f"longest {max(took):.2f} s")
    if PROVE:
        assert max(took) <= SECONDS_MAX


def test_a_server_whose_first_process_is_stopped_ends_all_the_same(tmp_path):
    """As Ctrl-Z may leave it: it never heard that it was to end, and nobody else acts for it."""
    for words in ([], ["--now"]):
        server = Server(tmp_path / "-".join(["state", *words]), "--probes", "off").start()
        try:
            server.process.send_signal(signal.SIGSTOP)
            result = subprocess.run([program("sanctum"), "stop", *words, "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=120)
            assert result.returncode == 0, result.stdout + result.stderr
        finally:
            server.process.kill()
            server.process.wait()
