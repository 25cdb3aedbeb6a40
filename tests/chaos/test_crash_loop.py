"""An engine that cannot live: it is started a few times, not forever, and meanwhile nobody is kept waiting or told that all is well."""

import json
import re
import socket
import subprocess
import time

import pytest

from programs import BUILT_IN, at_most, program, wait_until
from sanctum_server import Server

STARTS_MAX = 5
PARKED_SECONDS_MAX = 60
REFUSED_SECONDS_MAX = 0.05
REQUESTS = 50
BODY = json.dumps({"model": BUILT_IN, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4})


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def with_engine(tmp_path):
    """A function that starts a server with a program of ours for an engine; a line in `starts` for each start of it, without the one that
    only asks whether the model could be loaded. None: one that is gone when it has answered that."""
    made = []

    def start(script, until=lambda server: server.status()["engine"]["state"] == "parked"):
        engine = tmp_path / "engine"
        asked = "exit 0" if script is not None else f"rm {engine}; exit 0"
        engine.write_text(f"#!/bin/sh\ncase \"$*\" in *--check*) {asked};; esac\necho start >>{tmp_path}/starts\n{script}\n")
        engine.chmod(0o700)
        port = free_port()
        server = Server(tmp_path / "state", "--engine", str(engine))
        server.start(wait=False, listen=f"127.0.0.1:{port}")
        server.urls = [f"http://127.0.0.1:{port}"]
        made.append(server)
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 30, "the server listens")
        wait_until(lambda: until(server), PARKED_SECONDS_MAX, "the engine is parked, or as far as is waited for")
        return server

    yield start
    for server in made:
        server.stop()


def starts(tmp_path):
    record = tmp_path / "starts"
    return len(record.read_text().splitlines()) if record.exists() else 0


def refusals(server):
    """Seconds that each of some requests took to be refused."""
    took = []
    for _ in range(REQUESTS):
        begin = time.monotonic()
        status, headers, body = server.request("POST", "/v1/chat/completions", BODY)
        took.append(time.monotonic() - begin)
        assert status == 503 and int(headers["Retry-After"]) > 0, body
        assert re.search("stopped|dies again and again", json.loads(body)["error"]["message"])
    return took


def test_a_crash_loop_ends(with_engine, tmp_path, figures):
    server = with_engine("exit 1")
    assert "exited with code 1" in server.status()["engine"]["reason"]
    took = refusals(server)
    figures.note("a crash loop: starts in ten minutes", f"<= {STARTS_MAX}", str(starts(tmp_path)))
    figures.note("its requests: 503 with Retry-After", f"< {REFUSED_SECONDS_MAX * 1000:.0f} ms", f"{max(took) * 1000:.1f} ms at most")
    assert starts(tmp_path) <= STARTS_MAX
    assert max(took) < at_most(REFUSED_SECONDS_MAX)


def test_a_crash_loop_keeps_nobody_waiting(with_engine, tmp_path, figures):
    """Between two starts that lead nowhere a request is refused at once, though the next start may come soon."""
    server = with_engine("exit 1", until=lambda server: server.status()["engine"]["crash_loop"])
    took = refusals(server)
    figures.note("between two starts: 503 with Retry-After", f"< {REFUSED_SECONDS_MAX * 1000:.0f} ms", f"{max(took) * 1000:.1f} ms at most")
    assert max(took) < at_most(REFUSED_SECONDS_MAX)


def test_bad_configuration_is_not_retried(with_engine, tmp_path):
    server = with_engine("exit 78")
    assert starts(tmp_path) == 1
    assert "bad configuration" in server.status()["engine"]["reason"]


def test_a_missing_program_is_not_retried(with_engine):
    server = with_engine(None)
    assert "cannot run" in server.status()["engine"]["reason"]


def test_a_missing_program_that_is_put_back_is_started(with_engine, tmp_path):
    server = with_engine(None)
    (tmp_path / "engine").write_text(f'#!/bin/sh\nexec {program("sanctum-engine")} "$@"\n')
    (tmp_path / "engine").chmod(0o700)
    wait_until(lambda: server.request("GET", "/ready")[0] == 200, PARKED_SECONDS_MAX, "the engine is ready")
    assert server.status()["incidents"] == []


def test_a_parked_engine_is_started_by_a_person(with_engine, tmp_path):
    server = with_engine(f'[ -e {tmp_path}/mended ] || exit 78\nexec {program("sanctum-engine")} "$@"')
    incident = server.status()["incidents"]
    assert [row["key"] for row in incident] == ["worker.down", "worker.parked"] or [row["key"] for row in incident] == ["worker.parked"]
    assert "sanctum worker start" in incident[-1]["what"]

    def start():
        return subprocess.run([program("sanctum"), "worker", "start", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=90)

    still = start()
    assert still.returncode == 1 and "parked" in still.stdout and "bad configuration" in still.stdout
    (tmp_path / "mended").touch()
    again = start()
    assert again.returncode == 0 and "the engine is ready" in again.stdout, again.stdout + again.stderr
    assert server.status()["incidents"] == []


def test_static_models_list(with_engine):
    """What answered 200 for sixteen hours while nothing worked: without an engine there is no list."""
    server = with_engine("exit 1")
    assert server.request("GET", "/v1/models")[0] == 503
    assert server.request("GET", "/ready")[0] == 503
    assert server.request("GET", "/health")[0] == 200


def test_a_second_server_names_the_first(own_server):
    """The same state directory: the second ends within a second."""
    begin = time.monotonic()
    second = subprocess.run([program("sanctum"), "serve", "--state-dir", str(own_server.state_dir), "--listen", "127.0.0.1:0", "--mtls-listen", "off"],
                            capture_output=True, text=True, timeout=30)
    assert second.returncode == 64 and str(own_server.process.pid) in second.stderr
    assert time.monotonic() - begin < at_most(1)
