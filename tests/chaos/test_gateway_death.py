"""`kill -9` of the server: no engine stays behind, and what was left unanswered is known."""

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time

import openai
import pytest

import processes
from programs import BUILT_IN, at_most, program, wait_until
from sanctum_server import Server
from streams import QUESTIONS, answer

ENGINE_GONE_SECONDS_MAX = 2
SERVES_AGAIN_SECONDS_MAX = 10


@pytest.fixture
def streaming(tmp_path):
    """A server of our own that is in the middle of an answer."""
    server = Server(tmp_path / "state").start()
    heard = threading.Event()

    def stream():
        try:
            answer(server.client(), BUILT_IN, {**QUESTIONS[0], "max_tokens": 3000, "extra_body": {"ignore_eos": True}}, heard.set)
        except openai.APIError:
            pass

    thread = threading.Thread(target=stream)
    thread.start()
    assert heard.wait(60)
    yield server
    thread.join()
    if server.process.poll() is None:
        server.stop()


def seconds_until_gone(pid):
    begin = time.monotonic()
    wait_until(lambda: not processes.alive(pid), 60, f"{pid} is gone")
    return time.monotonic() - begin


def test_no_engine_outlives_its_gateway_and_another_gateway_serves(streaming, figures):
    engine, gateway = streaming.engine_pid(), streaming.gateway_pid()
    os.kill(gateway, signal.SIGKILL)
    gone = seconds_until_gone(engine)
    begin = time.monotonic()
    wait_until(lambda: serves(streaming), 60, "the next gateway serves at the same address")
    figures.note("kill -9 of the gateway under a stream: its engine is gone", f"<= {ENGINE_GONE_SECONDS_MAX} s", f"{gone:.2f} s")
    figures.note("  and its successor answers", f"<= {SERVES_AGAIN_SECONDS_MAX} s", f"{gone + time.monotonic() - begin:.2f} s")
    assert gone <= at_most(ENGINE_GONE_SECONDS_MAX)
    assert streaming.gateway_pid() != gateway and streaming.process.poll() is None
    wait_until(lambda: "request_unanswered" in streaming.log(), 60, "it is told what nobody answered")
    told = subprocess.run([program("sanctum"), "incidents", "--json", "--state-dir", str(streaming.state_dir)], capture_output=True, text=True, timeout=60)
    assert [row["what"] for row in json.loads(told.stdout) if row["key"] == "gateway.ended"], "what was lost is an incident"


def test_a_signal_to_the_gateway_alone_is_not_the_end_of_the_server(start_server):
    """It ended well, as if that had been wished, and so did all: an out-of-memory daemon sends SIGTERM first."""
    server = start_server("--probes", "off")
    gateway = server.gateway_pid()
    os.kill(gateway, signal.SIGTERM)
    wait_until(lambda: processes.gateways_of(server.process.pid) not in ([], [gateway]) and serves(server), 60, "another one serves")
    assert server.gateway_pid() != gateway and "gateway_gone" in server.log()


def serves(server):
    try:
        return server.request("GET", "/ready")[0] == 200
    except OSError:
        return False


def test_what_was_accepted_and_not_answered_is_on_record(streaming):
    """The journal is written beside the serving, so that both rows are waited for."""
    with sqlite3.connect(f"file:{streaming.state_dir}/journal.db?mode=ro", uri=True) as journal:
        def requests(condition):
            return journal.execute(f"SELECT count(*) FROM requests WHERE stream = 1 AND {condition}").fetchone()[0]

        wait_until(lambda: requests("finish IS NULL") == 1, 60, "the request is on disk")
        os.kill(streaming.gateway_pid(), signal.SIGKILL)
        wait_until(lambda: requests("finish = 'lost'") == 1, 60, "the next gateway finds that it was lost")
        assert requests("1") == 1
        assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_nothing_outlives_the_first_process(streaming):
    """Without who keeps it, the gateway drains and ends, and its engine with it."""
    engine, gateway = streaming.engine_pid(), streaming.gateway_pid()
    streaming.process.kill()
    streaming.process.wait()
    seconds_until_gone(gateway)
    seconds_until_gone(engine)


def test_an_engine_that_hangs_while_it_starts_holds_up_no_next_gateway(tmp_path):
    """Its process was unknown until it had answered: whoever was to end it could not, and nothing served any more."""
    hangs = tmp_path / "hangs"
    hangs.touch()
    engine = tmp_path / "engine"
    engine.write_text(f'#!/bin/sh\n[ -e {hangs} ] && exec sleep 1000\nexec {program("sanctum-engine")} "$@"\n')
    engine.chmod(0o700)
    server = Server(tmp_path / "state", "--engine", str(engine), "--probes", "off").start(wait=False)
    gateway = server.gateway_pid()
    hung = wait_until(lambda: processes.children_of(gateway, "sleep"), 60, "the engine hangs")[0]
    wait_until(lambda: str(hung) in (server.state_dir / "lock").read_text(), 60, "the lock names it")
    os.kill(gateway, signal.SIGKILL)
    hangs.unlink()
    server.wait_ready()
    assert not processes.alive(hung) and f"engine_remains pid={hung}" in server.log()
    server.stop()
