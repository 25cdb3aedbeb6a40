"""Stopping: the port is closed at once, who is being answered gets the drain's time, and then everything is gone, whatever hangs."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from urllib.parse import urlsplit

import pytest

import processes
from programs import BUILT_IN, at_most, count, program, wait_until
from sanctum_server import Server

STOPS = count(3, 100)
DRAIN_SECONDS = 1
LONG_DRAIN_SECONDS = 300  # no test waits so long
BEYOND_DRAIN_SECONDS_MAX = 1
CLOSED_SECONDS_MAX = 0.5
HANG_AFTER_TOKENS = 20
CUT = 3  # exit code


def refused(url):
    where = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((where.hostname, where.port)) != 0


class Stream:
    """An answer that is endless, unless it is to be shorter, read as it comes."""

    def __init__(self, server, max_tokens=3000):
        self.lines, self.spoke = [], threading.Event()
        self.connection = server.connection()
        body = {"model": BUILT_IN, "messages": [{"role": "user", "content": "Count from 1 to 99."}], "stream": True, "max_tokens": max_tokens, "ignore_eos": True}
        self.connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        try:
            for line in self.connection.getresponse():
                self.lines.append(line.decode().strip())
                if '"content"' in self.lines[-1]:
                    self.spoke.set()
        except (OSError, ValueError):
            pass  # cut off: the lines say how far it came

    def said(self):
        self.reader.join()
        self.connection.close()
        return [line for line in self.lines if line]


@pytest.fixture
def hanging(tmp_path):
    """A function that starts a server whose engine stands still in mid-answer, with a stream that has met that."""
    made = []

    def start(number=0, drain=DRAIN_SECONDS):
        server = Server(tmp_path / f"state{number}", "--drain", str(drain), "--probes", "off", environment={"SANCTUM_FAULT": f"hang-after:{HANG_AFTER_TOKENS}"}).start()
        made.append(server)
        stream = Stream(server)
        assert stream.spoke.wait(60)
        return server, stream

    yield start
    for server in made:
        server.process.kill()
        server.process.wait()


def ended(server, begin, limit):
    code = server.process.wait(limit + 60)
    return code, time.monotonic() - begin


def test_zombie_drain(hanging, figures):
    took = []
    for number in range(STOPS):
        server, stream = hanging(number)
        engine = server.engine_pid()
        begin = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda server=server: refused(server.url) and refused(server.mtls_url), 60, "the ports are closed")
        closed = time.monotonic() - begin
        assert closed <= at_most(CLOSED_SECONDS_MAX)
        code, seconds = ended(server, begin, DRAIN_SECONDS)
        assert seconds >= DRAIN_SECONDS, "the stream has its time"
        took.append(seconds)
        assert code == CUT
        said = stream.said()
        assert said[-1] == "data: [DONE]" and "shutting down" in said[-2]
        assert not processes.alive(engine)
        assert refused(server.url)
    figures.note(f"SIGTERM with a hung request, {STOPS} times", f"<= {DRAIN_SECONDS} + {BEYOND_DRAIN_SECONDS_MAX} s", f"longest {max(took):.2f} s")
    assert max(took) <= DRAIN_SECONDS + at_most(BEYOND_DRAIN_SECONDS_MAX)


def test_a_second_signal_ends_at_once(hanging):
    server, stream = hanging(drain=LONG_DRAIN_SECONDS)
    engine = server.engine_pid()
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refused(server.url), 60, "it drains")
    begin = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    code, seconds = ended(server, begin, LONG_DRAIN_SECONDS)
    stream.said()
    assert code == CUT and seconds < at_most(0.5)
    wait_until(lambda: not processes.alive(engine), 60, "the engine is gone")


def test_who_is_being_answered_is_answered(tmp_path):
    server = Server(tmp_path / "state", "--drain", "30").start()
    answer = {}

    def ask():
        client = server.client()
        answer["text"] = client.chat.completions.create(model=BUILT_IN, messages=[{"role": "user", "content": "Count from 1 to 60."}], temperature=0,
                                                        max_tokens=400).choices[0].message.content

    asking = threading.Thread(target=ask)
    engine = server.engine_pid()
    os.kill(engine, signal.SIGSTOP)  # or the answer might be over before anybody sees it
    asking.start()
    wait_until(lambda: server.status()["requests"]["running"] == 1, 60, "it is being answered")
    server.process.send_signal(signal.SIGTERM)
    os.kill(engine, signal.SIGCONT)
    assert server.process.wait(60) == 0
    asking.join()
    assert answer["text"].endswith("60")


def stop(server, *arguments):
    return subprocess.run([program("sanctum"), "stop", "--state-dir", str(server.state_dir), *arguments], capture_output=True, text=True, timeout=90)


def test_stop_proves_that_it_stopped(tmp_path):
    server = Server(tmp_path / "state").start()
    wait_until(lambda: json.loads((server.state_dir / "serving.json").read_text())["engine_pid"] == server.engine_pid(), 60, "the engine is on record")
    result = stop(server)
    assert result.returncode == 0, result.stdout + result.stderr
    for proof in ("the server's process is gone", "its engine is gone", "http 127.0.0.1", "mtls 127.0.0.1"):
        assert re.search(f"yes .*{proof}", result.stdout), result.stdout
    assert server.process.wait(60) == 0
    again = stop(server)
    assert again.returncode == 0 and "nothing serves" in again.stdout


def test_stop_says_what_remains(hanging):
    """The server's own process is stopped: nothing that is asked of it happens."""
    server, stream = hanging()
    os.kill(server.process.pid, signal.SIGSTOP)
    result = stop(server, "--limit", "1")
    assert result.returncode == 1 and "NO  the server's process is gone" in result.stdout
    server.process.kill()
    server.process.wait()
    stream.said()
