"""The system has no thread for a while: nothing ends for it, and nothing is given up."""

import os
import signal
import sys

import pytest

from programs import BIN, program, wait_until
from sanctum_server import Server
from test_drain import Stream
from test_gateway_death import serves

SECONDS_MAX = 90
TRIES = 2  # that fail, at least

pytestmark = pytest.mark.skipif(sys.platform != "linux" or not (BIN / "sanctum_no_threads.so").exists(), reason="preloads a library on Linux")


@pytest.fixture
def famine(tmp_path):
    """(a server that is ready, the file that takes all threads away while it exists)"""
    file = tmp_path / "no-threads"
    server = Server(tmp_path / "state", "--probes", "off",
                    environment={"LD_PRELOAD": program("sanctum_no_threads.so"), "SANCTUM_TEST_NO_THREADS": str(file), "SANCTUM_DRAIN": "120"})
    server.start()
    yield server, file
    file.unlink(missing_ok=True)
    if server.process.poll() is None:
        server.stop()


def said(server, words, times=TRIES):
    wait_until(lambda: server.log().count(words) >= times, SECONDS_MAX, f"{words}, {times} times")


def test_an_engine_is_started_again_and_again(famine):
    """The gateway was aborted by a std::thread that threw, with all its requests; the engine was parked after five tries."""
    server, file = famine
    gateway = server.gateway_pid()
    stream = Stream(server, max_tokens=300)
    assert stream.spoke.wait(SECONDS_MAX)
    file.touch()
    server.kill_engine()
    said(server, "no thread for a connection")
    file.unlink()
    assert stream.said()[-1] == "data: [DONE]"
    assert server.gateway_pid() == gateway and "to=parked" not in server.log()


def test_a_gateway_is_started_again_and_again(famine):
    """Its threads were half there, and their end was an abort that counted as its own fault."""
    server, file = famine
    file.touch()
    os.kill(server.gateway_pid(), signal.SIGKILL)
    said(server, "gateway_gone how=\"exited with code 75\"")
    file.unlink()
    wait_until(lambda: serves(server), SECONDS_MAX, "the next gateway serves")
    assert server.process.poll() is None


def test_a_stop_lets_running_requests_finish(famine):
    """The hard limit's thread was made when the signal had come: without it the gateway was aborted."""
    server, file = famine
    stream = Stream(server, max_tokens=300)
    assert stream.spoke.wait(SECONDS_MAX)
    file.touch()
    server.process.send_signal(signal.SIGTERM)
    assert stream.said()[-1] == "data: [DONE]"
    assert server.process.wait(SECONDS_MAX) == 0
