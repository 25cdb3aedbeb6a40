"""Probes by hand, a watcher elsewhere, what was wrong on record, and state files that were damaged."""

import http.server
import json
import shutil
import signal
import subprocess
import threading

import pytest

from programs import SMOKE_MODEL, program, wait_until


def run(*words, limit=120):
    return subprocess.run([program("sanctum"), *map(str, words)], capture_output=True, text=True, timeout=limit)


def test_probes_by_hand(own_server):
    told = run("probe", "--state-dir", own_server.state_dir, "--url", own_server.url)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "in text" in told.stdout and "in vision" in told.stdout and "listener" in told.stdout
    told = run("probe", "boots", "--json", "--state-dir", own_server.state_dir)
    assert told.returncode == 0, told.stdout + told.stderr
    names = [check["name"] for check in json.loads(told.stdout)]
    assert {"the release", "the release's bin/sanctum-engine", "the configuration", "the models", "the weights", "disk space", "the port's owner", "the unit file"} <= set(names)
    engine = next((own_server.state_dir / "releases").iterdir()) / "bin" / "sanctum-engine"
    engine.unlink()
    told = run("probe", "boots", "--state-dir", own_server.state_dir)
    assert told.returncode == 1
    assert [line for line in told.stdout.splitlines() if line.startswith("FAIL")] and "bin/sanctum-engine is missing" in told.stdout


def test_weights_that_were_loaded_again_have_not_changed(start_server, tmp_path):
    """What the engine had loaded when the probe looked first stood for all engines to come."""
    model = tmp_path / "model"
    shutil.copytree(SMOKE_MODEL, model)
    server = start_server(str(model))

    def boots():
        return run("probe", "boots", "--state-dir", server.state_dir).stdout

    assert "FAIL the weights" not in boots()
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config))  # other bytes, the same model
    assert "FAIL the weights" in boots()
    assert run("worker", "restart", "--state-dir", server.state_dir).returncode == 0
    assert "FAIL the weights" not in boots()


@pytest.mark.parametrize(("damage", "check"), [
    ("server.pem is empty", "the certificates"), ("another's key", "the certificates"), ("no secret", "the secrets"),
])
def test_what_the_next_start_could_not_use_is_found_before_it(own_server, damage, check):
    """A planned restart took a healthy server down for good, and the probe had said that all was well."""
    certificates = own_server.certificates
    if damage == "server.pem is empty":
        (certificates / "server.pem").write_text("")
    elif damage == "another's key":
        shutil.copy(certificates / "client.key", certificates / "server.key")
    else:
        (own_server.state_dir / "probe.secret").unlink()
        (own_server.state_dir / "probe.secret").mkdir()
    told = run("probe", "boots", "--state-dir", own_server.state_dir)
    assert told.returncode == 1 and f"FAIL {check}" in told.stdout, told.stdout
    refused = run("restart", "--state-dir", own_server.state_dir)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert own_server.request("GET", "/health")[0] == 200


def test_a_control_socket_that_was_removed_is_made_again(own_server):
    """Probes and commands find the gateway there alone: it was never ready again, though it answered."""
    socket = own_server.state_dir / "control.sock"
    socket.unlink()
    wait_until(socket.exists, 60, "it is made again")
    assert run("switch", "--state-dir", own_server.state_dir).returncode == 0
    wait_until(lambda: "control_socket_made_again" in own_server.log(), 60, "that is told")


def test_what_is_wrong_now_is_told_without_the_journal(start_server, tmp_path):
    """On a full disk it told what had been wrong in another life."""
    engine = tmp_path / "engine"
    engine.write_text("#!/bin/sh\nexit 78\n")
    engine.chmod(0o700)
    server = start_server("--engine", str(engine), "--probes", "off", wait=False)
    journal = server.state_dir / "journal.db"
    wait_until(lambda: "to=parked" in server.log() and journal.exists(), 60, "the engine is parked")
    for file in server.state_dir.glob("journal.db*"):
        file.unlink()
    journal.mkdir()
    told = run("incidents", "--state-dir", server.state_dir)
    assert told.returncode == 1 and "OPEN   page" in told.stdout and "worker.parked" in told.stdout, told.stdout + told.stderr
    assert "what was cannot be told" in told.stderr


def test_boots_is_asked_where_the_server_is(tmp_path):
    told = run("probe", "boots", "--state-dir", tmp_path)
    assert told.returncode == 2 and f"no server runs with the state directory {tmp_path}" in told.stderr
    told = run("probe", "boots", "--url", "http://127.0.0.1:1")
    assert told.returncode == 2 and "boots looks at a server of yours on this machine" in told.stderr


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
    for log in file.parent.glob(file.name + "-*"):
        log.unlink()  # of a process that was ended first: SQLite would mend the file with it
    server.start()
    found = [row for row in server.status()["incidents"] if row["key"] == f"damaged.{name}"]
    assert len(found) == 1 and ".damaged" in found[0]["what"]
    assert [entry for entry in server.state_dir.iterdir() if entry.name.startswith(file.name + ".damaged")]
    told = run("incidents", "--state-dir", server.state_dir)
    assert told.returncode == 1 and f"damaged.{name}" in told.stdout
    server.stop()
    server.start()
    assert not [row for row in server.status()["incidents"] if row["key"].startswith("damaged.")], "told once"
