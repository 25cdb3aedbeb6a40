"""Who starts a server again when it ends: the audit, the unit file, handing over. The service manager is a stand-in."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

import processes
from programs import program, wait_until
from test_crash_loop import free_port

STAND_IN = Path(__file__).parent / "fake_systemctl.py"


class Machine:
    """A home, a state directory and a service manager of its own."""

    def __init__(self, root):
        self.state = root / "state"
        (root / "bin").mkdir()
        (root / "systemd").mkdir()
        shutil.copy(STAND_IN, root / "bin" / "systemctl")
        (root / "bin" / "systemctl").chmod(0o700)
        self.environment = {**os.environ, "PATH": f"{root}/bin:{os.environ['PATH']}", "FAKE_SYSTEMD": str(root / "systemd"),
                            "XDG_CONFIG_HOME": str(root / "config"), "SANCTUM_DRAIN": "2"}
        self.unit = root / "config" / "systemd" / "user" / "sanctum.service"
        self.port = free_port()
        self.arguments = ["--listen", f"127.0.0.1:{self.port}", "--mtls-listen", "off", "--state-dir", str(self.state)]

    def run(self, *words, code=0):
        result = subprocess.run([program("sanctum"), *words], capture_output=True, text=True, timeout=120, env=self.environment)
        assert code is None or result.returncode == code, result.stdout + result.stderr
        return result.stdout + result.stderr

    def doctor(self, *words, code=0):
        return self.run("doctor", "--state-dir", str(self.state), *words, code=code)

    def install(self):
        return self.run("service", "install", "--", *self.arguments)

    def kept_pid(self):
        out = subprocess.run(["systemctl", "--user", "show", "sanctum.service"], capture_output=True, text=True, check=True, env=self.environment).stdout
        return int(re.search(r"MainPID=(\d+)", out)[1])

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start_as_orphan(self):
        """As a script would that forgot about it: its parent is gone at once."""
        words = [program("sanctum"), "serve", *self.arguments]
        subprocess.run(["sh", "-c", '"$@" >/dev/null 2>&1 &', "sh", *words], check=True, env=self.environment, start_new_session=True)
        wait_until(self.listens, 60, "it listens")


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    yield made
    subprocess.run([program("sanctum"), "service", "uninstall"], env=made.environment, capture_output=True, timeout=120)
    subprocess.run([program("sanctum"), "stop", "--now", "--state-dir", str(made.state)], env=made.environment, capture_output=True, timeout=120)


def test_an_installed_service_is_supervised(machine):
    out = machine.install()
    assert machine.unit.exists() and "is supervised" in out
    wait_until(machine.listens, 60, "it listens")
    assert "is supervised" in machine.doctor()
    first = machine.kept_pid()
    assert "restarted in" in machine.run("service", "restart")
    assert machine.kept_pid() != first
    machine.run("service", "uninstall")
    assert not machine.unit.exists() and not machine.listens()


def test_orphan_without_unit(machine):
    """Three days as an orphan, its unit file gone: it is said, and put right."""
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    subprocess.run(["systemctl", "--user", "stop", "sanctum.service"], check=True, env=machine.environment)
    machine.unit.unlink()
    machine.start_as_orphan()
    told = machine.doctor(code=1)
    assert "by coincidence" in told and "sanctum.service is missing" in told and "doctor --fix" in told
    fixed = machine.doctor("--fix", code=None)
    assert "handed over: nobody listened for" in fixed, fixed
    assert "is supervised" in machine.doctor()
    assert machine.kept_pid() > 0 and machine.listens()


def test_a_unit_that_starts_something_else_is_seen(machine):
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    machine.unit.write_text(machine.unit.read_text().replace('"--mtls-listen" "off"', '"--mtls-listen" "127.0.0.1:0"'))
    told = machine.doctor(code=1)
    assert "it starts something else" in told and "would not come back as it is" in told
    machine.doctor("--fix")
    assert '"--mtls-listen" "off"' in machine.unit.read_text()


def test_without_a_backup_nothing_is_guessed(machine):
    machine.start_as_orphan()
    assert "no backup of the unit" in machine.doctor("--fix", code=2)
    assert machine.listens(), "what runs goes on"


def test_readiness_is_told_to_the_manager(machine, tmp_path):
    """READY=1 comes when models are proven, WATCHDOG=1 as long as it lives, STOPPING=1 at the end."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(path))
        told.settimeout(60)
        server = subprocess.Popen([program("sanctum"), "serve", *machine.arguments], env={**machine.environment, "NOTIFY_SOCKET": str(path)},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        heard = set()
        while "READY=1" not in heard:
            heard.add(told.recv(100).decode())
        assert "WATCHDOG=1" in heard
        server.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in heard:
            heard.add(told.recv(100).decode())
        assert server.wait(60) == 0


def test_the_probe_sees_an_orphan(machine):
    machine.arguments += ["--boots-every-s", "1", "--boots-again-s", "1"]
    machine.start_as_orphan()
    keeper = int((machine.state / "lock").read_text().split()[0])
    parent = next(row[1] for row in processes.table() if row[0] == keeper)
    if parent != 1:
        pytest.skip(f"orphans of this session go to process {parent}, not to process 1")
    def incidents():
        with urllib.request.urlopen(f"http://127.0.0.1:{machine.port}/status", timeout=10) as reply:
            return {row["key"] for row in json.load(reply)["incidents"]}

    wait_until(lambda: "probe.boots.the unit file" in incidents(), 60, "it is an incident")
