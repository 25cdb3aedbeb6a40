"""`kill -9` of the engine under streams in three dialects, bound and free: each answer is the uninterrupted one, valid, no byte twice or missing."""

import random

from dialects import QUESTIONS, asker
from programs import count, wait_until
from streams import Clients

KILLS = count(5, 200)
CLIENTS = 8
EVENTS_BETWEEN_KILLS_MAX = 400  # of all streams together
RECOVERY_SECONDS_MAX = 60


def test_kill_at_a_random_token(own_server, figures):
    model, ask = own_server.client().models.list().data[0].id, asker(own_server)
    expected = [ask(None, model, question)[0] for question in QUESTIONS]
    assert all(text and len(reasons) == 1 for text, reasons in expected)
    dice = random.Random(2)
    with Clients(own_server, model, expected, CLIENTS, QUESTIONS, ask) as clients:
        for _ in range(KILLS):
            killed = own_server.kill_engine()
            wait_until(lambda killed=killed: own_server.engines() not in ([], [killed]), RECOVERY_SECONDS_MAX, "another engine runs")
            enough = clients.heard + dice.randint(1, EVENTS_BETWEEN_KILLS_MAX)
            wait_until(lambda enough=enough: clients.heard >= enough, RECOVERY_SECONDS_MAX, "the streams go on")
    figures.note(f"the same, three dialects with grammars, {KILLS} times", "0 failed, 0 different", clients.told())
    assert not clients.failed and not clients.wrong
    assert clients.right >= CLIENTS
