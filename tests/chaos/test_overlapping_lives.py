"""`kill -9` of the first process: until the last of that server is gone, no other one begins, and nobody takes away what is not his."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

import processes
from programs import PROVE, program, wait_until
from sanctum_server import Server
from test_drain import Stream, stop

LOCKED = 64  # exit code
DRAIN_SECONDS = 3
LONG_DRAIN_SECONDS = 600
REFUSED_SECONDS_MAX = 1


def test_what_an_earlier_server_left_hinders_no_stop(tmp_path):
    """Its serving.json was taken for this one's, when the disk was full: no signal was sent, and all were said to be gone."""
    server = Server(tmp_path / "state", "--probes", "off").start()
    file = server.state_dir / "serving.json"
    wait_until(lambda: json.loads(file.read_text())["engine_pid"] > 0, 60, "it is written")
    gone = subprocess.Popen(["true"])
    gone.wait()
    file.write_text(json.dumps({**json.loads(file.read_text()), "pid": gone.pid, "gateway_pid": gone.pid, "engine_pid": 0}))
    stopped = subprocess.run([program("sanctum"), "stop", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=90)
    assert stopped.returncode == 0 and "its engine is gone" not in stopped.stdout, stopped.stdout
    assert server.process.wait(60) == 0


@pytest.fixture
def start(tmp_path):
    """A function that starts a server that drains for so long; whatever becomes of it, nothing is left."""
    made = []

    def begin(*arguments, drain=DRAIN_SECONDS):
        server = Server(tmp_path / "state", "--drain", str(drain), "--probes", "off", *arguments).start()
        made.append((server, server.gateway_pid(), server.engine_pid()))
        return server

    yield begin
    for server, gateway, engine in made:
        for pid in (server.process.pid, gateway, engine):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        server.process.wait()


def another(server):
    """What a second `serve` says meanwhile: (exit code, the process that it names, its seconds)."""
    begin = time.monotonic()
    result = subprocess.run([program("sanctum"), "serve", "--state-dir", str(server.state_dir), "--listen", "127.0.0.1:0", "--mtls-listen", "off"],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    named = re.search(r"held by process (\d+)", result.stderr)
    return result.returncode, int(named[1]) if named else result.stderr, time.monotonic() - begin


def kill_first_process(server):
    server.process.kill()
    server.process.wait()


def named_in_lock(server):
    return [int(word) for word in (server.state_dir / "lock").read_text().split()]


def test_no_server_begins_while_the_last_ones_gateway_drains(start, figures):
    server = start()
    gateway, engine = server.gateway_pid(), server.engine_pid()
    stream = Stream(server)
    assert stream.spoke.wait(60)
    kill_first_process(server)
    begin = time.monotonic()
    code, named, refused = another(server)
    if processes.alive(gateway):  # on a busy machine its time may be over by now
        assert code == LOCKED and named in (gateway, engine)
        assert named_in_lock(server)[0] in (gateway, engine)
    wait_until(lambda: not processes.alive(gateway), 60, "the gateway is gone")
    gone = time.monotonic() - begin
    wait_until(lambda: not processes.alive(engine), 60, "its engine is gone")
    stream.said()
    figures.note("kill -9 of the first process under a stream: another `serve` is refused", f"<= {REFUSED_SECONDS_MAX} s", f"{refused:.2f} s")
    figures.note("  and the orphaned gateway is gone", f"<= {DRAIN_SECONDS} s", f"{gone:.2f} s")
    if PROVE:
        assert refused <= REFUSED_SECONDS_MAX and gone <= DRAIN_SECONDS
    next_one = start()
    assert json.loads((server.state_dir / "serving.json").read_text())["pid"] == next_one.process.pid
    assert stop(next_one).returncode == 0


def test_the_lock_names_a_living_one_and_ends_with_the_last(start):
    """Everything but the engine is killed, and the engine stands still: it is who holds the device."""
    server = start(drain=LONG_DRAIN_SECONDS)
    gateway, engine = server.gateway_pid(), server.engine_pid()
    stream = Stream(server)
    assert stream.spoke.wait(60)
    os.kill(engine, signal.SIGSTOP)
    kill_first_process(server)
    wait_until(lambda: named_in_lock(server)[0] == gateway, 60, "the lock names the gateway")
    assert another(server)[:2] == (LOCKED, gateway)
    os.kill(gateway, signal.SIGKILL)
    wait_until(lambda: not processes.alive(gateway), 60, "the gateway is gone")
    stream.said()
    assert another(server)[:2] == (LOCKED, engine)
    os.kill(engine, signal.SIGKILL)
    wait_until(lambda: not processes.alive(engine), 60, "the engine is gone")
    assert stop(start()).returncode == 0


def test_nobody_removes_a_file_that_is_not_his(start):
    server = start(drain=LONG_DRAIN_SECONDS)
    gateway = server.gateway_pid()
    stream = Stream(server)
    assert stream.spoke.wait(60)
    kill_first_process(server)
    wait_until(lambda: named_in_lock(server)[0] == gateway, 60, "the gateway knows that it is alone")
    theirs = {"serving.json": json.dumps({"pid": 1, "gateway_pid": 1, "engine_pid": 0, "http": "", "mtls": ""}), "control.sock": "theirs"}
    for name, text in theirs.items():
        (server.state_dir / "beside").write_text(text)
        (server.state_dir / "beside").rename(server.state_dir / name)
    stream.connection.sock.shutdown(socket.SHUT_RDWR)  # nobody is left to be answered
    wait_until(lambda: not processes.alive(gateway), 60, "the gateway is gone")
    stream.reader.join()
    assert {name: (server.state_dir / name).read_text() for name in theirs} == theirs


def test_what_is_left_of_a_killed_server_can_be_stopped(start):
    server = start(drain=LONG_DRAIN_SECONDS)
    gateway, engine = server.gateway_pid(), server.engine_pid()
    stream = Stream(server)
    assert stream.spoke.wait(60)
    kill_first_process(server)
    wait_until(lambda: named_in_lock(server)[0] == gateway, 60, "the lock names the gateway")
    patient = stop(server, "--limit", "1")
    assert patient.returncode == 1 and "NO  its gateway is gone" in patient.stdout, "who is being answered has the drain's time"
    result = stop(server, "--now")
    assert result.returncode == 0, result.stdout + result.stderr
    assert not processes.alive(gateway) and not processes.alive(engine)
    stream.said()


def test_a_gateway_begins_only_when_the_last_ones_engine_is_gone(start):
    """An engine that stands still outlives its gateway; two of them must not load together."""
    server = start()
    gateway, engine = server.gateway_pid(), server.engine_pid()
    os.kill(engine, signal.SIGSTOP)
    os.kill(gateway, signal.SIGKILL)
    wait_until(lambda: server.log().count("gateway_started") == 2, 120, "another gateway")
    assert not processes.alive(engine)
    log = server.log()
    assert log.index("engine_remains") < log.rindex("gateway_started")
    wait_until(lambda: server.log().count("ready http") == 2, 120, "it serves again")
    server.stop()
