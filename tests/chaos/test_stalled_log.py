"""A log that nobody reads: it stopped serving after 226 requests, when the pipe was full."""

import fcntl
import http.client
import json
import os
import re
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import processes
from programs import BUILT_IN, count, program, wait_until

FILL = count(100, 5000)  # requests that fill a pipe of the size below, several times
OVERFLOW = count(700, 20000)  # that fill the queue behind it as well; a line has some 500 bytes
PIPE_BYTES = 4096
CLIENTS = 8
SECONDS_MAX = 90


def small_pipe():
    reading, writing = os.pipe()
    fcntl.fcntl(writing, getattr(fcntl, "F_SETPIPE_SZ", fcntl.F_GETFL), PIPE_BYTES)  # where it can be had
    return reading, writing


@contextmanager
def running(state_dir, **streams):
    command = [program("sanctum"), "serve", "--state-dir", str(state_dir), "--listen", "127.0.0.1:0", "--mtls-listen", "off"]
    serve = subprocess.Popen(command, stdin=subprocess.DEVNULL, env={**os.environ, "SANCTUM_DRAIN": "5"}, **streams)
    try:
        yield serve
    finally:
        if serve.poll() is None:
            serve.kill()


def stop(serve, reader):
    """And reads what it says until its end."""
    serve.send_signal(signal.SIGTERM)
    assert serve.wait(SECONDS_MAX) == 0
    reader.join(SECONDS_MAX)


def test_a_log_that_nobody_reads_holds_up_nobody(tmp_path):
    """Neither gateway nor keeper, whose standard output goes the same way."""
    reading, writing = small_pipe()

    def request(method, path, body=None):
        status = None
        try:
            serving = json.loads((tmp_path / "serving.json").read_text())
            where = urlsplit("http://" + serving["http"])
            connection = http.client.HTTPConnection(where.hostname, where.port, timeout=SECONDS_MAX)
            connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
            status = connection.getresponse().status
            connection.close()
        except (OSError, ValueError, http.client.HTTPException):  # there is no gateway right now
            pass
        return status

    def ask(body):
        return request("POST", "/v1/completions", json.dumps(body))

    def is_ready():
        return request("GET", "/ready") == 200

    with running(tmp_path, stdout=writing, stderr=writing) as serve:
        os.close(writing)
        wait_until(is_ready, SECONDS_MAX, "it serves")
        for number in range(FILL):
            assert ask({"model": f"none-{number}-" + "x" * 200, "prompt": "1"}) == 404, number
        # The keeper writes into the same full pipe, its line `ready` as well.
        for _ in range(2):
            gateway = wait_until(lambda: processes.gateways_of(serve.pid), SECONDS_MAX, "a gateway runs")[0]
            os.kill(gateway, signal.SIGKILL)
            wait_until(lambda: processes.gateways_of(serve.pid) not in ([], [gateway]), SECONDS_MAX, "the keeper starts another")
            wait_until(is_ready, SECONDS_MAX, "which serves")
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(os.fdopen(reading, errors="replace")))
        reader.start()
        wait_until(lambda: any(line.startswith("ready ") for line in lines), SECONDS_MAX, "what waited is written")
        assert ask({"model": BUILT_IN, "prompt": "1", "max_tokens": 1}) == 200
        stop(serve, reader)
    log = "".join(lines)
    assert log.count("gateway_gone") == 2 and log.count("gateway_started") == 3, "the keeper lost none of its lines"
    assert "stopped requests_cut=0" in log, "nor did the gateway its last"


def test_what_the_log_had_to_drop_is_counted(tmp_path):
    reading, writing = small_pipe()
    with running(tmp_path, stdout=subprocess.PIPE, stderr=writing, text=True) as serve:
        os.close(writing)
        where = urlsplit(serve.stdout.readline().split()[1])

        def ask_many(first):
            connection = http.client.HTTPConnection(where.hostname, where.port, timeout=SECONDS_MAX)
            for number in range(first, OVERFLOW, CLIENTS):
                body = json.dumps({"model": f"none-{number}-" + "x" * 200, "prompt": "1"})
                connection.request("POST", "/v1/completions", body=body, headers={"Content-Type": "application/json"})
                response = connection.getresponse()
                assert response.status == 404 and response.read(), number
            connection.close()

        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(ask_many, range(CLIENTS)))
        lines = []
        told = threading.Event()

        def read():
            for line in os.fdopen(reading, errors="replace"):
                lines.append(line)
                if "log_dropped" in line:
                    told.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert told.wait(SECONDS_MAX), "it says that it dropped lines"
        stop(serve, reader)
    log = "".join(lines)
    numbers = [int(number) for number in re.findall(r"model=none-(\d+)-", log)]
    dropped = sum(int(lines_dropped) for lines_dropped in re.findall(r"log_dropped lines=(\d+)", log))
    times = [line.split()[0] for line in lines if " request id=" in line]
    assert times == sorted(times), "in their order"
    assert dropped > 0 and len(set(numbers)) == len(numbers)
    assert len(numbers) + dropped >= OVERFLOW, "every line was written or counted"
