"""An engine whose frames go wrong is replaced; the gateway stands, and no answer changes."""

import os
import pathlib

import pytest

from programs import BUILT_IN, program, wait_until
from streams import Clients, expected_answers

ENGINE = pathlib.Path(__file__).parent / "bad_frames_engine.py"
CLIENTS = 4


@pytest.mark.parametrize("what", ["truncated", "huge", "swapped", "twice", "nonsense", "earlier"])
def test_a_worker_that_sends_bad_frames_is_replaced(server, start_server, tmp_path, what):
    expected = expected_answers(server.client(), BUILT_IN)
    notes = tmp_path / "notes"
    odd = start_server("--probes", "off", "--engine", str(ENGINE),
                       environment={"BAD_FRAMES_ENGINE": program("sanctum-engine"), "BAD_FRAMES": what, "BAD_FRAMES_NOTES": str(notes)})
    gateway = odd.gateway_pid()
    deaths = 2 if what == "earlier" else 1
    with Clients(odd, BUILT_IN, expected, CLIENTS) as clients:
        wait_until(lambda: odd.status()["engine"]["restarts"] >= deaths, 60, "the engine is replaced")
        enough = clients.right + CLIENTS
        wait_until(lambda: clients.right >= enough, 60, "answers come to their ends")
    assert not clients.failed and not clients.wrong
    assert odd.gateway_pid() == gateway and os.path.exists(notes)
    if what != "truncated":
        assert "engine_bad_frame" in odd.log()
