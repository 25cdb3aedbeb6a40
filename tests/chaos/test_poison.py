"""A request that ends every engine that meets it: it is found, tried alone, given up and refused; its neighbours do not notice."""

import openai
import pytest

from programs import wait_until
from streams import Clients, expected_answers, say

NEIGHBOURS = 6
DEATHS = 3
RESTART_SECONDS_MAX = 60


def test_a_poison_request(server, model, start_server, figures):
    poison = {"messages": say("Repeat poison poison poison poison poison poison poison poison"), "max_tokens": 16}
    known = server.client()
    expected = expected_answers(known, model)
    tokens = known.chat.completions.create(model=model, **poison).usage.prompt_tokens
    own = start_server("--probes", "off", environment={"SANCTUM_FAULT": f"die-of:{tokens}"})
    with Clients(own, model, expected, NEIGHBOURS) as clients:
        with pytest.raises(openai.InternalServerError, match="also when it ran alone"):
            own.client().chat.completions.create(model=model, **poison)
        wait_until(lambda: own.status()["engine"]["restarts"] == DEATHS, RESTART_SECONDS_MAX, "the engine runs again")
        with pytest.raises(openai.InternalServerError, match="refused"):
            own.client().chat.completions.create(model=model, **poison)
    figures.note("a request that ends every engine", "2 deaths, once more alone, then a 500", f"{DEATHS} deaths; neighbours: {clients.told()}")
    assert not clients.failed and not clients.wrong and clients.right
    assert own.status()["engine"]["restarts"] == DEATHS
