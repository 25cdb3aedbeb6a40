"""An engine killed in the middle of a stream: its client hears of it, and the next request works."""

import openai

from programs import count, wait_until

RECOVERY_SECONDS_MAX = 60


def long_stream(client, model):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Count from 1 to 99."}], max_tokens=3000,
                                          temperature=0, stream=True, extra_body={"ignore_eos": True})


def test_killed_in_mid_stream(own_server):
    client = own_server.client()
    model = client.models.list().data[0].id
    for _ in range(count(2, 10)):
        stream = iter(long_stream(client, model))
        for _ in range(5):
            next(stream)
        killed = own_server.kill_engine()
        reasons, error = [], None
        try:
            reasons = [chunk.choices[0].finish_reason for chunk in stream if chunk.choices]
        except openai.APIError as raised:
            error = raised
        assert error is not None or reasons[-1] in ("stop", "length"), "neither an error nor the rest of the answer"
        if error is not None:
            assert str(error), "the error says something"
        answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "What is 2 + 3?"}], temperature=0, max_tokens=16)
        assert "5" in answer.choices[0].message.content
        wait_until(lambda killed=killed: killed not in own_server.engines(), RECOVERY_SECONDS_MAX, "the dead engine is gone")
        assert len(own_server.engines()) == 1


def test_killed_while_idle(own_server):
    client = own_server.client()
    model = client.models.list().data[0].id
    restarts = own_server.status()["engine"]["restarts"]
    own_server.kill_engine()
    wait_until(lambda: own_server.status()["engine"]["restarts"] == restarts + 1, RECOVERY_SECONDS_MAX, "the restart is counted")
    wait_until(lambda: own_server.request("GET", "/ready")[0] == 200, RECOVERY_SECONDS_MAX, "the server is ready again")
    assert client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}], max_tokens=4).choices


def test_not_ready_while_the_engine_is_away(own_server):
    """Health is about the server, readiness about its engine."""
    own_server.kill_engine()
    wait_until(lambda: own_server.request("GET", "/ready")[0] == 503 or own_server.status()["engine"]["restarts"] > 0,
               RECOVERY_SECONDS_MAX, "the death is noticed")
    assert own_server.request("GET", "/health")[0] == 200
    wait_until(lambda: own_server.request("GET", "/ready")[0] == 200, RECOVERY_SECONDS_MAX, "the server is ready again")
