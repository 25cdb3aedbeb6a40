"""Requests that come before the model has been loaded wait for it."""

import socket
from concurrent.futures import ThreadPoolExecutor

from programs import BUILT_IN, SMOKE_MODEL, count, wait_until

REQUESTS = count(50, 200)
AT_ONCE = 50


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_load_race(start_server):
    port = free_port()
    server = start_server(listen=f"127.0.0.1:{port}", wait=False)
    server.urls = [f"http://127.0.0.1:{port}"]
    wait_until(lambda: accepts(port) or server.process.poll() is not None, 60, "the server listens")
    client = server.client()

    def ask(number):
        nonce = f"probe-{number}"
        answer = client.chat.completions.create(model=BUILT_IN, messages=[{"role": "user", "content": f"Repeat {nonce}"}], temperature=0, max_tokens=32)
        return nonce in answer.choices[0].message.content

    with ThreadPoolExecutor(AT_ONCE) as pool:
        right = list(pool.map(ask, range(REQUESTS)))
    assert right.count(True) == REQUESTS


def test_fifty_requests_during_a_reload(own_server):
    """The engine dies, and everybody asks before it is back."""
    client = own_server.client()
    model = client.models.list().data[0].id
    own_server.kill_engine()

    def ask(number):
        return client.chat.completions.create(model=model, messages=[{"role": "user", "content": f"Repeat {number}"}], max_tokens=8).choices

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert all(pool.map(ask, range(REQUESTS)))


def test_generates_sent_before_the_load_is_done(engine):
    """The same at the engine itself, where nothing stands in between."""
    load = engine.send("load_model", model="m", path=str(SMOKE_MODEL))
    again = engine.send("load_model", model="m", path=str(SMOKE_MODEL))
    numbers = [engine.send("generate", request=f"r{i}", model="m", messages=[{"role": "user", "content": f"Repeat {i}"}],
                           sampling={"temperature": 0, "max_tokens": 8}) for i in range(AT_ONCE)]
    assert engine.answer(load) and engine.answer(again)
    for i, number in enumerate(numbers):
        assert engine.answer(number)["request"] == f"r{i}"
        assert engine.completed(f"r{i}")["finish_reason"] in ("stop", "length")
    ready = [p for p in engine.heard("load_progress", model="m") if p["phase"] == "ready"]
    assert len(ready) == 1, "two loads of one model are one load"
