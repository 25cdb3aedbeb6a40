"""`kill -9` of the engine under eight streams: every answer is the uninterrupted one, after a pause."""

import random
import time

from engine_process import Engine
from programs import SMOKE_MODEL, at_most, count, wait_until
from streams import Clients, expected_answers

KILLS = count(8, 200)
CLIENTS = 8
TOKENS_BETWEEN_KILLS_MAX = 400  # of all streams together
EARLY_KILLS = 0.15  # share of kills that come while the engine starts, loads or takes up what it is given
EARLY_SECONDS_MAX = 0.5
PAUSE_BEYOND_LOAD_SECONDS_MAX = 1.0
RECOVERY_SECONDS_MAX = 60


def seconds_to_load():
    """From the engine's start to a model that can be asked, by itself."""
    begin = time.monotonic()
    engine = Engine()
    try:
        engine.load(SMOKE_MODEL)
        return time.monotonic() - begin
    finally:
        engine.stop()


def test_kill_at_a_random_token(own_server, figures):
    load = seconds_to_load()
    client = own_server.client()
    model = client.models.list().data[0].id
    expected = expected_answers(client, model)
    dice = random.Random(1)
    with Clients(own_server, model, expected, CLIENTS) as clients:
        for _ in range(KILLS):
            killed = own_server.kill_engine()
            wait_until(lambda killed=killed: own_server.engines() not in ([], [killed]), RECOVERY_SECONDS_MAX, "another engine runs")
            if dice.random() < EARLY_KILLS:
                time.sleep(dice.uniform(0, EARLY_SECONDS_MAX))  # chance is the point
            else:
                enough = clients.heard + dice.randint(1, TOKENS_BETWEEN_KILLS_MAX)
                wait_until(lambda enough=enough: clients.heard >= enough, RECOVERY_SECONDS_MAX, "the streams go on")
    # An answer that no kill met is no measure of a pause.
    pauses = sorted(clients.pauses)[-KILLS:]
    p99 = pauses[int(0.99 * (len(pauses) - 1))]
    figures.note(f"kill -9 of the engine, {KILLS} times, {CLIENTS} streams", "0 failed, 0 different", clients.told())
    figures.note("longest pause of a stream, p99", f"<= load ({load:.2f} s) + 1 s", f"{p99:.2f} s (longest {pauses[-1]:.2f} s)")
    assert not clients.failed and not clients.wrong
    assert clients.right >= CLIENTS
    assert p99 <= load + at_most(PAUSE_BEYOND_LOAD_SECONDS_MAX)
    assert own_server.status()["engine"]["restarts"] >= KILLS
