"""A client that leaves stops its own decode and nobody else's."""

import json
import socket
from urllib.parse import urlsplit

from programs import count, wait_until

LEAVE_SECONDS_MAX = 10


def running(server):
    return server.engine_stats()["running"]


def steps(server):
    return server.engine_stats()["steps"]


def open_stream(server, model, stream=True):
    """A raw connection with a long request sent, so that it can be dropped at will."""
    where = urlsplit(server.url)
    connection = socket.create_connection((where.hostname, where.port), timeout=30)
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Count from 1 to 99."}], "max_tokens": 3500, "stream": stream,
                       "ignore_eos": True, "temperature": 0}).encode()
    connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def test_leaving_stops_the_decode(own_server):
    model = own_server.client().models.list().data[0].id
    for stream in [True, False] * count(1, 10):
        connection = open_stream(own_server, model, stream)
        wait_until(lambda: running(own_server) == 1, 30, "the request runs")
        if stream:
            assert connection.recv(1), "it streams"
        connection.close()
        wait_until(lambda: running(own_server) == 0, LEAVE_SECONDS_MAX, "its decode has stopped")
        settled = steps(own_server)
        assert steps(own_server) == settled, "the engine rests"


def test_others_go_on(own_server):
    client = own_server.client()
    model = client.models.list().data[0].id
    question = dict(model=model, messages=[{"role": "user", "content": "Count from 1 to 30."}], temperature=0, max_tokens=128)
    alone = client.chat.completions.create(**question).choices[0].message.content
    leaving = [open_stream(own_server, model) for _ in range(6)]
    wait_until(lambda: running(own_server) == 6, 30, "six requests run")
    stream = client.chat.completions.create(**question, stream=True)
    text = ""
    for chunk in stream:
        if leaving:
            leaving.pop().close()
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    assert text == alone
    for connection in leaving:
        connection.close()
    wait_until(lambda: running(own_server) == 0, LEAVE_SECONDS_MAX, "nothing runs any more")


def requests_ended(server):
    """Chat requests that are over, whatever became of them."""
    metrics = server.request("GET", "/metrics")[2]
    return sum(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith("sanctum_requests_total{") and 'api="chat"' in line)


def test_storm_of_leaving_clients(own_server):
    client = own_server.client()
    model = client.models.list().data[0].id
    rounds = count(3, 30)
    for _ in range(rounds):
        connections = [open_stream(own_server, model) for _ in range(16)]
        for connection in connections:
            connection.close()
    # An idle engine is not enough: the last requests may not have reached it yet, and they hold places.
    wait_until(lambda: requests_ended(own_server) == rounds * 16, LEAVE_SECONDS_MAX * 3, "every request has ended")
    assert running(own_server) == 0, "nothing runs any more"
    assert client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}], max_tokens=4).choices
