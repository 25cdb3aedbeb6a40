"""Another server answers while our engine cannot, says so, and steps back."""

import json
import socket
import subprocess
import sys

import pytest

from programs import BUILT_IN, program, wait_until
from sanctum_server import Server
from test_crash_loop import free_port

BODY = json.dumps({"model": BUILT_IN, "messages": [{"role": "user", "content": "Count from 1 to 5."}], "temperature": 0, "max_tokens": 32})
STREAM = json.dumps({**json.loads(BODY), "stream": True})


@pytest.fixture
def pair(server, tmp_path):
    """A server whose engine cannot run until `mended` exists, with the shared server to fall back on."""
    mended = tmp_path / "mended"
    engine = tmp_path / "engine"
    engine.write_text(f'#!/bin/sh\n[ -e {mended} ] || exit 78\nexec {program("sanctum-engine")} "$@"\n')
    engine.chmod(0o700)
    own = Server(tmp_path / "state", "--engine", str(engine), "--fallback", server.url)
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


def test_a_parked_engine_is_stood_in_for(pair, server):
    own, mended = pair
    status, headers, body = own.request("POST", "/v1/chat/completions", BODY)
    assert status == 200 and headers["X-Sanctum-Served-By"] == server.url
    assert json.loads(body)["choices"][0]["message"]["content"] == "1, 2, 3, 4, 5"
    status, headers, body = own.request("POST", "/v1/chat/completions", STREAM)
    assert status == 200 and headers["X-Sanctum-Served-By"] == server.url
    assert body.count("data: ") > 3 and body.rstrip().endswith("data: [DONE]")
    assert "fallback" in incidents(own)

    mended.touch()
    subprocess.run([program("sanctum"), "worker", "start", "--state-dir", str(own.state_dir)], check=True, timeout=90, stdout=subprocess.DEVNULL)
    wait_until(lambda: "fallback" not in incidents(own), 60, "our engine is proven and answers again")
    status, headers, _ = own.request("POST", "/v1/chat/completions", BODY)
    assert status == 200 and "X-Sanctum-Served-By" not in headers


def test_a_model_that_our_engine_has_not_got_is_asked_for_there(own_server, server, start_server):
    ours = start_server("--fallback", server.url)
    body = json.dumps({**json.loads(BODY), "model": "nobody-has-this"})
    status, headers, _ = ours.request("POST", "/v1/chat/completions", body)
    assert status == 404 and headers["X-Sanctum-Served-By"] == server.url, "the other server has not got it either"


def test_a_person_decides(start_server, server):
    ours = start_server("--fallback", server.url)
    assert "our engine answers" in command(ours, "show").stdout
    tested = command(ours, "test")
    assert tested.returncode == 0 and server.url in tested.stdout
    assert command(ours, "on").returncode == 0
    assert ours.request("POST", "/v1/chat/completions", BODY)[1]["X-Sanctum-Served-By"] == server.url
    command(ours, "off")
    assert "X-Sanctum-Served-By" not in ours.request("POST", "/v1/chat/completions", BODY)[1]


def test_a_fallback_that_is_not_there_is_a_502(pair, start_server, tmp_path):
    ours = start_server("--fallback", "http://127.0.0.1:1")
    command(ours, "on")
    status, _, body = ours.request("POST", "/v1/chat/completions", BODY)
    assert status == 502 and "does not answer" in json.loads(body)["error"]["message"]
    assert command(ours, "test").returncode == 2


def test_a_fallback_that_we_start(start_server, tmp_path):
    """Started when it is needed first, and ended with us."""
    script = tmp_path / "other.py"
    script.write_text("""
import http.server, sys
class Other(http.server.BaseHTTPRequestHandler):
    def answer(self, body):
        self.send_response(200); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(body)))
        self.end_headers(); self.wfile.write(body)
    def do_GET(self): self.answer(b'{"data":[{"id":"other"}]}')
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"])); self.answer(b'{"choices":[{"message":{"content":"other"}}]}')
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Other).serve_forever()
""")
    port = free_port()
    ours = start_server("--fallback", f"http://127.0.0.1:{port}", "--fallback-command", f"{sys.executable} {script} {port}", "--fallback-model", "other")
    command(ours, "on")
    status, headers, body = ours.request("POST", "/v1/chat/completions", BODY)
    assert status == 200 and json.loads(body)["choices"][0]["message"]["content"] == "other"
    ours.stop()
    assert socket.socket().connect_ex(("127.0.0.1", port)) != 0, "it ended with its server"
