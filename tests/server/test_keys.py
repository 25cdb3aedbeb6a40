"""API keys: made, shown once, wanted by a plain listener, known by name, never passed on."""

import base64
import http.server
import json
import os
import sqlite3
import stat
import subprocess
import threading

import openai
import pytest

from programs import BUILT_IN, program, wait_until
from sanctum_server import Server

QUESTION = {"model": BUILT_IN, "messages": [{"role": "user", "content": "What is 17 + 25?"}], "temperature": 0, "max_tokens": 24}
BODY = json.dumps(QUESTION)


def sanctum(*words, state_dir, environment=None, check=True):
    clean = {name: value for name, value in os.environ.items() if name not in ("SANCTUM_URL", "SANCTUM_API_KEY")}
    return subprocess.run([program("sanctum"), *words, "--state-dir", str(state_dir)], env={**clean, **(environment or {})},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=check)


def add_key(state_dir, name):
    return sanctum("keys", "add", name, state_dir=state_dir).stdout.strip()


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """(a server that had a key before its start, the key): that it became ready is its probes' proof."""
    state = tmp_path_factory.mktemp("locked")
    key = add_key(state, "mine")
    running = Server(state)
    running.start()
    yield running, key
    running.stop()


@pytest.fixture(scope="module")
def unlocked(tmp_path_factory):
    """A server without a key; whoever adds one takes it away again."""
    running = Server(tmp_path_factory.mktemp("unlocked"))
    running.start()
    yield running
    running.stop()


def journal(server, query):
    with sqlite3.connect(f"file:{server.state_dir / 'journal.db'}?mode=ro", uri=True, timeout=10) as database:
        return database.execute(query).fetchall()


def test_a_plain_listener_wants_it(locked):
    server, key = locked
    for method, path in [("GET", "/"), ("GET", "/page/chat.js"), ("GET", "/metrics"), ("GET", "/status"), ("GET", "/v1/models"), ("GET", "/nothing"), ("POST", "/v1/chat/completions")]:
        for headers in ({}, bearer("none"), bearer(key + "x"), {"X-Api-Key": key.upper()}):
            status, told, body = server.request(method, path, BODY if method == "POST" else None, headers=headers)
            assert status == 401 and told["WWW-Authenticate"].startswith("Bearer"), path
            error = json.loads(body)["error"]
            assert error["code"] == "invalid_api_key" and error["type"] == "invalid_request_error" and key not in body
        assert server.request(method, path, BODY if method == "POST" else None, headers=bearer(key))[0] == (404 if path == "/nothing" else 200)
    for method, path in [("GET", "/health"), ("HEAD", "/health"), ("GET", "/ready"), ("HEAD", "/")]:
        assert server.request(method, path)[0] == 200, path
    assert server.request("OPTIONS", "/v1/models", headers={"Origin": "http://localhost:1", "Access-Control-Request-Method": "GET"})[0] == 204
    status, told, _ = server.request("GET", "/v1/models", headers={"Origin": "http://localhost:1"})
    assert status == 401 and told["Access-Control-Allow-Origin"] == "http://localhost:1", "a page can read why"


def test_a_browser_asks_a_person_for_it(locked):
    server, key = locked
    with_page = {"Accept": "text/html,application/xhtml+xml"}
    connection = server.connection()
    connection.request("GET", "/", headers=with_page)
    answers = connection.getresponse().headers.get_all("WWW-Authenticate")
    connection.close()
    assert [answer.split()[0] for answer in answers] == ["Bearer", "Basic"]
    basic = base64.b64encode(f"anybody:{key}".encode()).decode()
    for path in ("/", "/status"):
        assert server.request("GET", path, headers={**with_page, "Authorization": f"Basic {basic}"})[0] == 200
    assert '"key":true' in server.request("GET", "/", headers=bearer(key))[2], "the page shows how to send one"


def test_the_official_client_uses_it(locked):
    server, key = locked
    assert "42" in server.client(api_key=key).chat.completions.create(**QUESTION).choices[0].message.content
    with pytest.raises(openai.AuthenticationError) as refused:
        server.client(api_key="none").chat.completions.create(**QUESTION)
    assert refused.value.code == "invalid_api_key"


def test_beside_a_certificate_it_is_optional(locked):
    server, key = locked
    for shown in ("none", key):
        assert "42" in server.client(mtls=True, api_key=shown).chat.completions.create(**QUESTION).choices[0].message.content


def test_our_own_commands_find_theirs(locked, tmp_path):
    server, key = locked
    told = sanctum("status", "--url", server.url, "--json", state_dir=server.state_dir)
    assert json.loads(told.stdout)["models"] == [BUILT_IN]
    assert "42" in sanctum("chat", "--url", server.url, "What is 17 + 25?", state_dir=server.state_dir).stdout
    assert "10/10" in sanctum("smoke", "--url", server.url, state_dir=server.state_dir).stdout
    assert "PASS" in sanctum("stress", "--url", server.url, "--duration", "1s", "--workers", "1", state_dir=server.state_dir).stdout
    for probe in ("alive", "works", "boots"):
        ran = sanctum("probe", probe, "--url", server.url, "--json", state_dir=server.state_dir, check=False)
        failed = {check["name"] for check in json.loads(ran.stdout) if not check["passed"]}
        assert failed <= {"disk space", "the unit file"}, ran.stdout

    elsewhere = {"state_dir": tmp_path, "check": False}
    refused = sanctum("smoke", "--url", server.url, **elsewhere)
    assert refused.returncode == 2 and "--api-key" in refused.stderr
    told = sanctum("status", "--url", server.url, **elsewhere)
    assert told.returncode == 0 and "--api-key" in told.stdout, "/ready needs none"
    assert "42" in sanctum("chat", "--url", server.url, "--api-key", key, "What is 17 + 25?", **elsewhere).stdout
    assert "42" in sanctum("chat", "--url", server.url, "What is 17 + 25?", environment={"SANCTUM_API_KEY": key}, **elsewhere).stdout
    assert "does not list its models" in sanctum("chat", "--url", server.url, "hi", environment={"SANCTUM_API_KEY": "none"}, **elsewhere).stderr


def test_the_probes_go_on_proving(locked):
    server, key = locked
    by_name = wait_until(lambda: dict(journal(server, "SELECT name, detail FROM checks WHERE passed") if journal(
        server, "SELECT 1 FROM checks WHERE name = 'the port''s owner'") else []), 60, "the probe 'boots' has run")
    assert "the port's owner" in by_name
    assert f"'{BUILT_IN}' in text" in by_name
    # What it heard first may be the 503 of a server that still loads.
    wait_until(lambda: journal(server, f"SELECT 1 FROM checks WHERE name = 'listener {server.url}' AND detail LIKE 'HTTP 200%'"), 90, "it is let in")
    assert json.loads(server.request("GET", "/status", headers=bearer(key))[2])["ready"]


def test_journal_and_log_have_its_name_and_nothing_has_the_key(locked):
    server, key = locked
    assert server.request("POST", "/v1/chat/completions", BODY, headers=bearer(key))[0] == 200
    wait_until(lambda: journal(server, "SELECT 1 FROM requests WHERE key = 'mine' AND status = 200"), 30, "it is on record")
    wait_until(lambda: [line for line in server.lines if " request " in line and "key=mine" in line], 30, "it is in the log")
    secret = key.removeprefix("sk-sanctum-")
    assert secret not in server.log()
    for file in server.state_dir.rglob("*"):
        if file.is_file() and file.stat().st_size < 1 << 26:
            assert secret.encode() not in file.read_bytes(), file
    for name in ("keys.json", "local_key.json"):
        assert stat.S_IMODE((server.state_dir / name).stat().st_mode) == 0o600
    assert json.loads((server.state_dir / "local_key.json").read_text())["key"] not in server.log()


def test_a_change_takes_effect_without_a_restart(unlocked):
    asked = lambda key=None: unlocked.request("GET", "/v1/models", headers=bearer(key) if key else {})[0]  # noqa: E731
    assert asked() == 200 and asked("none") == 200
    first = sanctum("keys", "add", "first", state_dir=unlocked.state_dir)
    assert "only time" in first.stderr and "first key" in first.stderr
    second = add_key(unlocked.state_dir, "second")
    assert (asked(), asked("none"), asked(first.stdout.strip()), asked(second)) == (401, 401, 200, 200)
    again = sanctum("keys", "add", "first", state_dir=unlocked.state_dir, check=False)
    assert again.returncode == 2 and "already" in again.stderr and again.stdout == ""
    listed = sanctum("keys", "list", state_dir=unlocked.state_dir).stdout
    assert "first" in listed and "second" in listed and second not in listed
    assert sanctum("keys", "remove", "first", state_dir=unlocked.state_dir).stdout == "removed the key of 'first'\n"
    assert (asked(), asked(first.stdout.strip()), asked(second)) == (401, 401, 200)
    assert sanctum("keys", "remove", "first", state_dir=unlocked.state_dir, check=False).returncode == 2
    sanctum("keys", "remove", "second", state_dir=unlocked.state_dir)
    assert asked() == 200


@pytest.mark.parametrize("word", ["rm", "del"])
def test_other_words_for_remove_are_told_ours(tmp_path, word):
    told = sanctum("keys", word, "editor", state_dir=tmp_path, check=False)
    assert told.returncode == 2 and f"no command '{word}'; `sanctum keys remove` does that" in told.stderr, told.stderr


def test_a_damaged_file_of_keys_opens_nothing(unlocked):
    key = add_key(unlocked.state_dir, "mine")
    assert unlocked.request("GET", "/v1/models", headers=bearer(key))[0] == 200
    (unlocked.state_dir / "keys.json").write_text("{")
    assert unlocked.request("GET", "/v1/models")[0] == 401
    assert unlocked.request("GET", "/v1/models", headers=bearer(key))[0] == 200, "what was known stays"
    assert sanctum("keys", "add", "more", state_dir=unlocked.state_dir, check=False).returncode == 2
    (unlocked.state_dir / "keys.json").unlink()
    assert unlocked.request("GET", "/v1/models")[0] == 200


def test_the_fallback_never_sees_it(start_server):
    seen = []

    class Other(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"choices":[]}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        own = start_server("--fallback", f"http://127.0.0.1:{other.server_port}")
        key = add_key(own.state_dir, "mine")
        sanctum("fallback", "on", state_dir=own.state_dir)
        shown = {**bearer(key), "X-Api-Key": key, "Cookie": "a=b", "X-Custom": "yes"}
        status, headers, _ = own.request("POST", "/v1/chat/completions", BODY, headers=shown)
        assert status == 200 and "X-Sanctum-Served-By" in headers and len(seen) == 1
        assert not {"authorization", "x-api-key", "cookie", "x-custom", "sanctum-probe"} & set(seen[0])
        assert key not in str(seen)
        assert own.request("POST", "/v1/chat/completions", BODY)[0] == 401 and len(seen) == 1
    finally:
        other.shutdown()
        other.server_close()
