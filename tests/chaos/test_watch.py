"""Probes by hand, a watcher elsewhere, what was wrong on record, and state files that were damaged."""

import http.server
import json
import signal
import subprocess
import threading

import pytest

from programs import program, wait_until


def run(*words, limit=120):
    return subprocess.run([program("sanctum"), *map(str, words)], capture_output=True, text=True, timeout=limit)


def test_probes_by_hand(own_server):
    told = run("probe", "--state-dir", own_server.state_dir, "--url", own_server.url)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "in text" in told.stdout and "in vision" in told.stdout and "listener" in told.stdout
    told = run("probe", "boots", "--json", "--state-dir", own_server.state_dir)
    assert told.returncode == 0, told.stdout + told.stderr
    names = [check["name"] for check in json.loads(told.stdout)]
    assert {"the release", "the release's bin/sanctum-engine", "the configuration", "the weights", "disk space", "the port's owner", "the unit file"} <= set(names)
    engine = next((own_server.state_dir / "releases").iterdir()) / "bin" / "sanctum-engine"
    engine.unlink()
    told = run("probe", "boots", "--state-dir", own_server.state_dir)
    assert told.returncode == 1
    assert [line for line in told.stdout.splitlines() if line.startswith("FAIL")] and "bin/sanctum-engine is missing" in told.stdout


def test_boots_is_asked_where_the_server_is(tmp_path):
    told = run("probe", "boots", "--state-dir", tmp_path)
    assert told.returncode == 2 and "on the server's machine only" in told.stderr


class Pings:
    """What a dead man's switch elsewhere would hear."""

    def __init__(self):
        pings = self
        self.count = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                pings.count += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/alive"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def pings():
    heard = Pings()
    yield heard
    heard.server.shutdown()
    heard.server.server_close()


def test_a_watcher_elsewhere_sees_what_the_server_cannot_tell(start_server, tmp_path, pings):
    server = start_server()
    certificates, state = server.certificates, tmp_path / "watch"
    often = ["--alive-every-s", 1, "--alive-again-s", 1, "--alive-limit-s", 1, "--works-every-s", 1, "--works-again-s", 1]
    watcher = subprocess.Popen([program("sanctum"), "probe", "--watch", server.mtls_url, "--watch-state", str(state), "--cert", str(certificates / "client.pem"),
                                "--key", str(certificates / "client.key"), "--cacert", str(certificates / "ca.pem"), "--ping", pings.url, *map(str, often)])
    try:
        wait_until(lambda: pings.count >= 2, 60, "the watcher tells that it is there")
        assert run("incidents", "--state-dir", state).returncode == 0
        server.process.send_signal(signal.SIGKILL)  # nobody of the server's is left to tell
        server.process.wait(30)
        wait_until(lambda: [row for row in json.loads(run("incidents", "--json", "--state-dir", state).stdout)
                            if row["key"].startswith("probe.alive.") and "closed_us" not in row], 60, "it is on record")
        before = pings.count
        wait_until(lambda: pings.count > before, 60, "the watcher itself is well")
        listen = [url.split("://")[1] for url in (server.url, server.mtls_url)]
        server.start(listen=listen[0], mtls_listen=listen[1])
        wait_until(lambda: run("incidents", "--state-dir", state).returncode == 0, 60, "it is over")
    finally:
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(60) == 0


@pytest.mark.parametrize("name", ["journal", "switches"])
def test_a_damaged_state_file_is_one_alert(start_server, name):
    server = start_server()
    server.stop()
    file = server.state_dir / {"journal": "journal.db", "switches": "switches.json"}[name]
    file.write_bytes(b"this is no longer what it was, and long enough to look like a damaged one")
    server.start()
    found = [row for row in server.status()["incidents"] if row["key"] == f"damaged.{name}"]
    assert len(found) == 1 and ".damaged" in found[0]["what"]
    assert [entry for entry in server.state_dir.iterdir() if entry.name.startswith(file.name + ".damaged")]
    told = run("incidents", "--state-dir", server.state_dir)
    assert told.returncode == 1 and f"damaged.{name}" in told.stdout
    server.stop()
    server.start()
    assert not [row for row in server.status()["incidents"] if row["key"].startswith("damaged.")], "told once"
