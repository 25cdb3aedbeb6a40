"""A client that leaves stops its own decode and nobody else's."""

import json
import socket
from urllib.parse import urlsplit

import processes
from programs import count, wait_until

LEAVE_SECONDS_MAX = 60
CLIENTS_AT_ONCE = 16
WARM_UP = 64  # clients; what a server holds after them it may keep
STORM = count(160, 1008)  # clients
GROWTH_BYTES_MAX = 8 << 20  # of either process, by a storm
# Of processes that render templates: there may be one for each thread that renders, and on a busy machine the storm is what first needs the last of them.
RENDERER_DESCRIPTORS_MAX = 8
TOKENS_AFTER_CANCEL_MAX = 1  # of the step that was running


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
    connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def test_leaving_stops_the_decode(own_server):
    model = own_server.client().models.list().data[0].id
    for stream in [True, False] * count(1, 10):
        connection = open_stream(own_server, model, stream)
        wait_until(lambda: running(own_server) == 1, 60, "the request runs")
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
    wait_until(lambda: running(own_server) == 6, 60, "six requests run")
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


def held(server):
    """What an idle server still holds on behalf of requests, and what it takes from the machine."""
    stats = server.engine_stats()
    engine = server.engine_pid()
    return {"running": stats["running"], "waiting": stats["waiting"], "kv_bytes": stats["kv_bytes"], "active_bytes": stats["active_bytes"],
            "descriptors": processes.open_descriptors(engine) + processes.open_descriptors(server.gateway_pid()),
            # MLX keeps buffers for its next arrays, which has a limit of its own.
            "engine": processes.resident_bytes(engine) - stats["cache_bytes"], "gateway": processes.resident_bytes(server.gateway_pid())}


def storm(server, model, clients):
    """Clients that leave at once, when their answer has begun, or while others wait behind them."""
    already = requests_ended(server)
    for _ in range(clients // CLIENTS_AT_ONCE):
        connections = [open_stream(server, model, stream=number % 2 == 0) for number in range(CLIENTS_AT_ONCE)]
        connections[0].recv(1)
        for connection in connections:
            connection.close()
    # An idle engine is not enough: the last requests may not have reached it yet, and they hold places.
    wait_until(lambda: requests_ended(server) == already + clients, LEAVE_SECONDS_MAX * 3, "every request has ended")


def test_storm_of_leaving_clients(start_server):
    # Pages of keys and values stay once they were used; how many are is a matter of chance, so that there are few.
    own_server = start_server("--kv-bytes", "4MiB")
    client = own_server.client()
    model = client.models.list().data[0].id
    storm(own_server, model, WARM_UP)
    before = held(own_server)
    storm(own_server, model, STORM)
    wait_until(lambda: held(own_server)["descriptors"] <= before["descriptors"] + RENDERER_DESCRIPTORS_MAX, LEAVE_SECONDS_MAX, "every connection is closed")
    after = held(own_server)
    print(f"{STORM} clients came and left: before {before}, after {after}")
    assert (after["running"], after["waiting"], after["kv_bytes"]) == (0, 0, 0), "nothing is held for those who left"
    for process in ("engine", "gateway"):
        assert after[process] - before[process] <= GROWTH_BYTES_MAX, f"the {process} has grown"
    assert client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}], max_tokens=4).choices


def test_decode_stops_within_a_step(loaded_engine):
    """At the engine itself, because on the way there a client's leaving takes a time of its own."""
    sampling = {"temperature": 0, "max_tokens": 3500, "ignore_eos": True}
    for number in range(count(20, 200)):
        request = f"r{number}"
        loaded_engine.call("generate", request=request, model="m", messages=[{"role": "user", "content": "Count from 1 to 99."}], sampling=sampling)
        loaded_engine.wait(lambda request=request: loaded_engine.ids(request), "a first token")
        loaded_engine.send("cancel", request=request)
        at_cancel = loaded_engine.call("stats")["completion_tokens"]
        assert loaded_engine.completed(request)["finish_reason"] == "cancelled"
        assert loaded_engine.call("stats")["completion_tokens"] - at_cancel <= TOKENS_AFTER_CANCEL_MAX
        with loaded_engine.changed:
            loaded_engine.notifications.clear()
