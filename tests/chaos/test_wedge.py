"""An engine that is there and does nothing: it is seen, ended and replaced, and its answers go on."""

import os
import signal
import time

from programs import at_most, count, wait_until
from streams import Clients, answer, expected_answers, QUESTIONS

STOPS = count(2, 10)
SEEN_SECONDS_MAX = 5
REPLACED_SECONDS_MAX = 8  # and the load
LOAD_SECONDS_MAX = 5
HANG_AFTER_TOKENS = 150


def worker(server):
    return server.status()["engine"]


def test_a_stopped_engine_is_replaced(own_server, figures):
    """SIGSTOP, at rest and under streams."""
    client = own_server.client()
    model = client.models.list().data[0].id
    expected = expected_answers(client, model)
    seen, replaced = [], []

    def stop_the_engine():
        stopped = own_server.engine_pid()
        begin = time.monotonic()
        os.kill(stopped, signal.SIGSTOP)
        wait_until(lambda: worker(own_server)["state"] == "wedged" or own_server.engines() != [stopped], 120, "it is seen")
        seen.append(time.monotonic() - begin)
        wait_until(lambda: own_server.engines() not in ([], [stopped]) and worker(own_server)["state"] == "ready", 120, "another is ready")
        replaced.append(time.monotonic() - begin)

    stop_the_engine()
    with Clients(own_server, model, expected, 4) as clients:
        for _ in range(STOPS):
            enough = clients.heard + 50
            wait_until(lambda enough=enough: clients.heard >= enough, 60, "the streams go on")
            stop_the_engine()
    figures.note(f"SIGSTOP of the engine, {STOPS + 1} times: seen", f"<= {SEEN_SECONDS_MAX} s", f"{max(seen):.2f} s")
    figures.note("replaced", f"<= {REPLACED_SECONDS_MAX} s + load", f"{max(replaced):.2f} s; {clients.told()}")
    assert not clients.failed and not clients.wrong
    assert max(seen) <= at_most(SEEN_SECONDS_MAX)
    assert max(replaced) <= at_most(REPLACED_SECONDS_MAX + LOAD_SECONDS_MAX)


def test_an_engine_that_beats_but_decodes_nothing_is_replaced(server, model, start_server, figures):
    question = QUESTIONS[0]
    whole = answer(server.client(), model, question)[0]
    hanging = start_server("--probes", "off", environment={"SANCTUM_FAULT": f"hang-after:{HANG_AFTER_TOKENS}"})
    found, pause = answer(hanging.client(), model, question)
    figures.note("an engine that beats but decodes nothing: pause of its stream", "5 s to see it, 3 to end it, load", f"{pause:.2f} s")
    assert found == whole
    assert worker(hanging)["restarts"] >= 1
    assert "no progress" in worker(hanging)["last_exit"]


def test_a_long_prefill_is_left_alone(start_server, model, server):
    """Steps of one prompt take long on a slow device: none of it is a standstill."""
    slow = start_server("--kernels", "mlx", "--threads", "1")
    words = " ".join(f"word{i}" for i in range(count(300, 900)))
    assert slow.client().chat.completions.create(model=model, messages=[{"role": "user", "content": words}], max_tokens=4).choices
    assert worker(slow)["restarts"] == 0
