"""A restart must boot: whatever is deleted or changed where the server was started from."""

import json
import os
import shutil
import signal
import subprocess

import pytest

import processes
from programs import BIN, BUILT_IN, SMOKE_MODEL, program, wait_until
from sanctum_server import Server
from streams import QUESTIONS, answer


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A server that was started from an installation of its own, and the installation's directory."""
    place = tmp_path / "installation"
    (place / "bin").mkdir(parents=True)
    for name in ("sanctum", "sanctum-engine"):
        shutil.copy2(BIN / name, place / "bin" / name)
    shutil.copytree(SMOKE_MODEL, place / "share" / "sanctum" / "models" / "smoke")
    server = Server(tmp_path / "state", "--boots-every-s", "1", "--boots-again-s", "1", "--boots-page-after", "2")
    server.program = str(place / "bin" / "sanctum")
    server.start()
    yield server, place
    server.stop()


def ready(server):
    try:
        return server.request("GET", "/ready")[0] == 200
    except OSError:
        return False


def incidents(server):
    return {row["key"]: row for row in server.status()["incidents"]}


def test_deleted_binary(installed):
    """A build's clean takes everything away; then the engine dies, and then the gateway."""
    server, place = installed
    truth = answer(server.client(), BUILT_IN, QUESTIONS[0])[0]
    shutil.rmtree(place)
    for pid in (server.kill_engine(), server.gateway_pid()):
        if processes.alive(pid):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda pid=pid: not processes.alive(pid) and ready(server), 60, "it is ready again")
        assert answer(server.client(), BUILT_IN, QUESTIONS[0])[0] == truth


def test_a_damaged_release_is_an_incident_of_its_own(installed):
    server, _ = installed
    release = next((server.state_dir / "releases").iterdir())
    engine = release / "bin" / "sanctum-engine"
    whole = engine.read_bytes()
    damaged = release / "damaged"
    damaged.write_bytes(whole[:-1] + b"x")
    damaged.replace(engine)  # at once: nobody sees it missing
    key = "probe.boots.the release's bin/sanctum-engine"
    row = wait_until(lambda: incidents(server).get(key), 60, "the probe sees it")
    assert "bin/sanctum-engine is not as it was signed" in row["what"]
    assert row["level"] in ("error", "page"), "never a warning"
    assert set(incidents(server)) == {key}, "the checks that pass do not hide it, and it blames no other"
    assert server.request("GET", "/ready")[0] == 200, "what runs still works"
    engine.write_bytes(whole)
    wait_until(lambda: not incidents(server), 60, "it is over")


def test_a_port_that_another_answers_is_seen(installed):
    server, _ = installed
    assert "probe.boots.the port's owner" not in incidents(server)
    assert server.status()["pid"] == server.gateway_pid()


def test_release_holds(installed, tmp_path):
    server, place = installed

    def holds(directory):
        return subprocess.run([program("sanctum"), "release", "holds", str(directory)], capture_output=True, text=True, timeout=30)

    held = holds(place)
    assert held.returncode == 1 and f"process {server.process.pid} " in held.stdout
    of_release = holds(server.state_dir / "releases")
    assert of_release.returncode == 1 and f"process {server.engine_pid()} " in of_release.stdout
    nobody = holds(tmp_path / "nothing")
    assert nobody.returncode == 0 and nobody.stdout == ""


def test_the_manifest_names_what_runs(installed):
    server, _ = installed
    release = next((server.state_dir / "releases").iterdir())
    manifest = json.loads((release / "manifest.json").read_text())
    names = {row["name"] for row in manifest["files"]}
    assert {"bin/sanctum", "bin/sanctum-engine", "share/sanctum/models/smoke/config.json"} <= names
    assert any(name.startswith("lib/libmlx") for name in names)


def restart(server):
    return subprocess.run([program("sanctum"), "restart", "--no-wait", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=30)


def test_a_planned_restart_comes_up_and_is_no_incident(installed):
    server, _ = installed
    gateway = server.gateway_pid()
    assert restart(server).returncode == 0
    wait_until(lambda: processes.gateways_of(server.process.pid) not in ([], [gateway]) and ready(server), 60, "the next gateway is ready")
    assert incidents(server) == {}


def test_a_restart_that_would_not_come_up_does_not_happen(installed):
    """Who asks by hand is told, and no incident is left; that of the schedule: restart_permission_test.cpp."""
    server, _ = installed
    gateway = server.gateway_pid()
    release = next((server.state_dir / "releases").iterdir())
    (release / "bin" / "sanctum-engine").unlink()
    wait_until(lambda: "probe.boots.the release's bin/sanctum-engine" in incidents(server), 60, "the probe sees it")
    refused = restart(server)
    assert refused.returncode == 1 and "sanctum-engine is missing" in refused.stderr
    assert "restart" not in incidents(server)
    assert server.gateway_pid() == gateway
