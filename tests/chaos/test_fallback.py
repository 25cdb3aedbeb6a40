"""Another server answers while our engine cannot, says so, and steps back."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys

import pytest

from other_server import ANSWER, Other
from programs import BUILT_IN, SMOKE_MODEL, program, wait_until
from sanctum_server import Server
from test_crash_loop import free_port

BODY = json.dumps({"model": BUILT_IN, "messages": [{"role": "user", "content": "Count from 1 to 5."}], "temperature": 0, "max_tokens": 32})
STREAM = json.dumps({**json.loads(BODY), "stream": True})
OURS = "1, 2, 3, 4, 5"
OFTEN = ("--works-every-s", "1", "--works-again-s", "1", "--works-act-after", "1")
PROBED = 5  # runs of the probe 'works', beside which a healthy engine stays


@pytest.fixture
def other():
    running = Other()
    yield running
    running.close()


@pytest.fixture
def pair(other, tmp_path):
    """A server whose engine cannot run until `mended` exists, with another kind of server to fall back on."""
    mended = tmp_path / "mended"
    engine = tmp_path / "engine"
    engine.write_text(f'#!/bin/sh\n[ -e {mended} ] || exit 78\nexec {program("sanctum-engine")} "$@"\n')
    engine.chmod(0o700)
    own = Server(tmp_path / "state", "--engine", str(engine), "--fallback", other.url, *OFTEN)
    own.start(wait=False, listen="127.0.0.1:0")
    wait_until(lambda: (own.state_dir / "serving.json").exists(), 30, "it listens")
    own.urls = ["http://" + json.loads((own.state_dir / "serving.json").read_text())["http"]]
    wait_until(lambda: own.status()["engine"]["state"] == "parked", 60, "the engine is parked")
    yield own, mended
    own.stop()


def incidents(server):
    return [row["key"] for row in server.status()["incidents"]]


def command(server, what):
    return subprocess.run([program("sanctum"), "fallback", what, "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=30)


def said(body):
    return json.loads(body)["choices"][0]["message"]["content"]


def proofs_made(server):
    """How often the probe 'works' has asked the model in text, and how often it was content."""
    with sqlite3.connect(f"file:{server.state_dir}/journal.db?mode=ro", uri=True) as journal:
        return journal.execute("SELECT count(*), coalesce(sum(passed), 0) FROM checks WHERE probe = 'works' AND name LIKE '%in text'").fetchone()


def test_a_parked_engine_is_stood_in_for(pair, other):
    own, mended = pair
    status, headers, body = own.request("POST", "/v1/chat/completions", BODY)
    assert status == 200 and headers["X-Sanctum-Served-By"] == other.url
    assert said(body) == ANSWER
    status, headers, body = own.request("POST", "/v1/chat/completions", STREAM)
    assert status == 200 and headers["X-Sanctum-Served-By"] == other.url
    assert body.count("data: ") > 3 and body.rstrip().endswith("data: [DONE]")
    assert "fallback" in incidents(own)
    nameless = {key: value for key, value in json.loads(BODY).items() if key != "model"}
    assert own.request("POST", "/v1/chat/completions", json.dumps(nameless))[0] == 200
    assert other.asked[-1] == json.loads(BODY), "what it meant here is said: the other may have several models"

    asked = len(other.asked)
    mended.touch()
    subprocess.run([program("sanctum"), "worker", "start", "--state-dir", str(own.state_dir)], check=True, timeout=90, stdout=subprocess.DEVNULL)
    wait_until(lambda: "fallback" not in incidents(own), 60, "our engine is proven and answers again")
    status, headers, body = own.request("POST", "/v1/chat/completions", BODY)
    assert status == 200 and "X-Sanctum-Served-By" not in headers
    assert said(body) == OURS
    assert len(other.asked) == asked, "nobody but our engine proves our engine"


def test_the_fallback_answers_no_probe(start_server, other):
    """With the fallback on, and one that answers otherwise than we do, nothing is held against a healthy engine."""
    ours = start_server("--fallback", other.url, *OFTEN)
    engine = ours.engine_pid()
    assert command(ours, "on").returncode == 0
    assert said(ours.request("POST", "/v1/chat/completions", BODY)[2]) == ANSWER
    runs, _ = proofs_made(ours)
    wait_until(lambda: proofs_made(ours)[0] >= runs + PROBED, 60, "the engine was asked again and again")
    made, passed = proofs_made(ours)
    assert passed == made
    assert ours.engines() == [engine] and incidents(ours) == ["fallback"]
    assert [body["messages"] for body in other.asked] == [json.loads(BODY)["messages"]], "what a client asked, and nothing else"


def test_a_model_that_our_engine_has_not_got_is_asked_for_there(start_server):
    other = Other(missing=("nobody-has-this",))
    ours = start_server("--fallback", other.url)
    body = json.dumps({**json.loads(BODY), "model": "nobody-has-this"})
    status, headers, _ = ours.request("POST", "/v1/chat/completions", body)
    assert status == 404 and headers["X-Sanctum-Served-By"] == other.url, "the other server has not got it either"
    status, headers, answered = ours.request("POST", "/v1/chat/completions", BODY)
    assert said(answered) == OURS and "X-Sanctum-Served-By" not in headers, "and ours answers for those that it has"
    assert incidents(ours) == []
    other.close()


def test_a_person_decides(start_server, other):
    ours = start_server("--fallback", other.url)
    assert "our engine answers" in command(ours, "show").stdout
    tested = command(ours, "test")
    assert tested.returncode == 0 and other.url in tested.stdout and f"answers for {BUILT_IN}" in tested.stdout, "what requests will ask it for"
    assert command(ours, "on").returncode == 0
    assert "it answers in our engine's place" in command(ours, "show").stdout, "before the first request, too"
    assert ours.request("POST", "/v1/chat/completions", BODY)[1]["X-Sanctum-Served-By"] == other.url
    command(ours, "off")
    assert "X-Sanctum-Served-By" not in ours.request("POST", "/v1/chat/completions", BODY)[1]


def test_a_fallback_that_is_not_there_is_a_502_and_no_green_light(start_server):
    ours = start_server("--fallback", "http://127.0.0.1:1")
    command(ours, "on")
    status, _, body = ours.request("POST", "/v1/chat/completions", BODY)
    assert status == 502 and "does not answer" in json.loads(body)["error"]["message"]
    assert command(ours, "test").returncode == 1
    status, _, body = ours.request("GET", "/ready")
    assert status == 503 and "the fallback http://127.0.0.1:1 does not answer" in json.loads(body)["reason"]
    told = subprocess.run([program("sanctum"), "status", "--url", ours.url, "--state-dir", str(ours.state_dir)], capture_output=True, text=True, timeout=30)
    assert "fallback  http://127.0.0.1:1 answers in our engine's place, mode on; the fallback" in told.stdout, told.stdout
    command(ours, "off")
    assert ours.request("GET", "/ready")[0] == 200


def test_a_model_that_could_not_be_loaded_is_asked_for_there(start_server, other, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    ours = start_server(str(SMOKE_MODEL), str(broken), "--fallback", other.url)
    wait_until(lambda: [m["state"] for m in ours.status()["models"]] == ["ready", "failed"], 60, "its load has failed")
    status, headers, body = ours.request("POST", "/v1/chat/completions", json.dumps({**json.loads(BODY), "model": "broken"}))
    assert status == 200 and headers["X-Sanctum-Served-By"] == other.url and said(body) == ANSWER


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}", "http://localhost:{}/v1"])
def test_its_own_address_is_refused(url, tmp_path):
    """Every request would have gone round and round."""
    port = free_port()
    refused = subprocess.run([program("sanctum"), "serve", "--state-dir", str(tmp_path), "--listen", str(port), "--fallback", url.format(port)],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "is this server's own address" in refused.stderr, refused.stderr


SMALL_OTHER = """
import http.server, sys
class Other(http.server.BaseHTTPRequestHandler):
    def answer(self, body):
        self.send_response(200); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(body)))
        self.end_headers(); self.wfile.write(body)
    def do_GET(self): self.answer(b'{"data":[{"id":"other"}]}')
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"])); self.answer(b'{"choices":[{"message":{"content":"other"}}]}')
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Other).serve_forever()
"""


@pytest.fixture
def with_a_command(start_server, tmp_path):
    """A server that has started its fallback by a command, and the port of that."""
    script = tmp_path / "other.py"
    script.write_text(SMALL_OTHER)
    port = free_port()
    ours = start_server("--fallback", f"http://127.0.0.1:{port}", "--fallback-command", f"{sys.executable} {script} {port}", "--fallback-model", "other")
    command(ours, "on")
    status, _, body = ours.request("POST", "/v1/chat/completions", BODY)
    assert status == 200 and json.loads(body)["choices"][0]["message"]["content"] == "other"
    return ours, port


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_fallback_that_we_start(with_a_command):
    """Started when it is needed first, and ended with us."""
    ours, port = with_a_command
    ours.stop()
    assert not answers(port), "it ended with its server"


@pytest.mark.parametrize("end", ["stop --now", "kill -9 of the gateway"])
def test_a_fallback_that_we_started_outlives_nobody(with_a_command, end):
    """It held its memory while `stop` said that all was gone; the gateway after it took it for somebody else's."""
    ours, port = with_a_command
    if end == "stop --now":
        assert subprocess.run([program("sanctum"), "stop", "--now", "--state-dir", str(ours.state_dir)], timeout=60, stdout=subprocess.DEVNULL).returncode == 0
        ours.process.wait(30)
    else:
        os.kill(ours.gateway_pid(), signal.SIGKILL)
    wait_until(lambda: not answers(port), 60, "it is gone with who started it")


def test_a_fallback_that_somebody_started_is_not_started_again(start_server, other, tmp_path):
    """Who answers at the URL is asked, whoever started it; the command would find its port taken."""
    started = tmp_path / "started"
    ours = start_server("--fallback", other.url, "--fallback-command", f"sh -c 'touch {started}; exit 1'")
    command(ours, "on")
    status, headers, body = ours.request("POST", "/v1/chat/completions", BODY)
    assert status == 200 and said(body) == ANSWER
    assert not started.exists()


def test_a_fallback_that_answers_nothing_does_not_outlive_the_server(start_server, other, tmp_path):
    """A request that waits for it, or for its start, is given up at the drain's end: before the gateway's loop is gone."""
    starting = start_server("--fallback", f"http://127.0.0.1:{free_port()}", "--fallback-command", f"sh -c 'touch {tmp_path}/started; sleep 1000'",
                            "--drain", "1")
    answering = start_server("--fallback", other.url, "--drain", "1")
    other.holds = True
    for ours, waits in ((starting, (tmp_path / "started").exists), (answering, other.holding.is_set)):
        command(ours, "on")
        connection = ours.connection()
        connection.request("POST", "/v1/chat/completions", BODY, {"Content-Type": "application/json"})
        wait_until(waits, 30, "the fallback is waited for")
        ours.stop()
        # 3: the gateway was ended by a signal, or by its own limit, where the machine is too busy for it.
        assert ours.process.returncode == 0 or " stop_limit " in ours.log(), ours.log()[-2000:]
        connection.close()
