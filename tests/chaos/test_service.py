"""Who starts a server again when it ends: the audit, the unit file, handing over. The service manager is a stand-in."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

import processes
from programs import SMOKE_MODEL, program, wait_until
from test_crash_loop import free_port

STAND_IN = Path(__file__).parent / "fake_systemctl.py"


class Machine:
    """A home, a state directory and a service manager of its own."""

    def __init__(self, root):
        self.root = root
        self.program = program("sanctum")
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
        result = subprocess.run([self.program, *words], capture_output=True, text=True, timeout=120, env=self.environment)
        assert code is None or result.returncode == code, result.stdout + result.stderr
        return result.stdout + result.stderr

    def doctor(self, *words, code=0):
        return self.run("doctor", "--state-dir", str(self.state), *words, code=code)

    def install(self):
        return self.run("service", "install", "--", *self.arguments)

    def kept_pid(self):
        out = subprocess.run(["systemctl", "--user", "show", "sanctum.service"], capture_output=True, text=True, check=True, env=self.environment).stdout
        return int(re.search(r"MainPID=(\d+)", out)[1])

    def holder(self):
        return int((self.state / "lock").read_text().split()[0])

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def replace_manager(self, script=None):
        """By a shell script that may call the stand-in as `root`/systemctl; by the stand-in again."""
        manager, stand_in = self.root / "bin" / "systemctl", self.root / "systemctl"
        if script is None:
            stand_in.replace(manager)
            return
        manager.rename(stand_in)
        manager.write_text(f"#!/bin/sh\n{script}\n")
        manager.chmod(0o700)

    def calls(self):
        return (self.root / "systemd" / "calls").read_text().split()

    def left(self):
        """What there is of the service in the manager's folders, and copies of it."""
        found = [path for path in (self.root / "config").rglob("*") if "sanctum" in path.name]
        return found + [path for path in (self.state / "unit-backups",) if path.exists()]

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


def test_without_a_manager_nothing_healthy_is_ended(machine):
    """`doctor --fix` ended it first, and found out then that nobody was there to start another."""
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    subprocess.run(["systemctl", "--user", "stop", "sanctum.service"], check=True, env=machine.environment)
    machine.unit.unlink()
    machine.start_as_orphan()
    before = machine.holder()
    stand_in = machine.root / "bin" / "systemctl"
    stand_in.rename(machine.root / "systemctl")
    stand_in.write_text("#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n")
    stand_in.chmod(0o700)
    told = machine.doctor("--fix", code=2)
    assert "no service manager answers" in told and "what runs goes on" in told
    assert machine.listens() and machine.holder() == before and not machine.unit.exists()
    # A manager that answers, and refuses what comes next, is met before the signal too.
    stand_in.write_text(f'#!/bin/sh\ncase "$*" in *daemon-reload*|*enable*) echo refused >&2; exit 1;; esac\nexec {machine.root}/systemctl "$@"\n')
    assert "refused" in machine.doctor("--fix", code=2)
    assert machine.listens() and machine.holder() == before
    (machine.root / "systemctl").replace(stand_in)


def test_install_beside_a_server_that_runs_writes_nothing(machine):
    """The unit could not start, for want of the lock, and stayed."""
    machine.start_as_orphan()
    told = machine.run("service", "install", "--", *machine.arguments, code=2)
    assert f"process {machine.holder()} serves" in told and "sanctum stop" in told
    assert machine.listens() and not machine.unit.exists()


def test_install_beside_one_that_the_system_keeps_says_so(machine):
    """It said that no unit keeps it, and `sanctum stop` would have been undone."""
    machine.start_as_orphan()
    machine.replace_manager(f'case "$*" in *--user*) exec {machine.root}/systemctl "$@";; esac; printf "ActiveState=active\\nUnitFileState=enabled\\nMainPID={machine.holder()}\\n"')
    told = machine.run("service", "install", "--", *machine.arguments, code=2)
    assert "the system's service keeps it: nothing was written" in told and "`sanctum service uninstall --system`" in told and "no unit" not in told
    assert machine.listens() and not machine.unit.exists()
    machine.replace_manager()


def test_install_of_a_model_that_cannot_be_loaded_says_why(machine):
    """It was written, and failed for ever in a log that nobody read."""
    model = machine.root / "model"
    model.mkdir()
    (model / "config.json").write_text("{")
    machine.arguments.append(str(model))
    told = machine.run("service", "install", "--", *machine.arguments, code=2)
    assert f"{model} cannot be served: 'config.json' is malformed JSON" in told and "nothing was written" in told, told
    assert not machine.unit.exists() and machine.left() == [] and not machine.state.exists()


def everything_in(folder):
    return {str(path.relative_to(folder)): path.lstat().st_mtime_ns for path in folder.rglob("*") if "systemd" != path.name and "calls" != path.name}


NO_MANAGER = "echo 'Failed to connect to bus: No medium found' >&2; exit 1"


@pytest.mark.parametrize("systemctl", [NO_MANAGER, None], ids=["no bus", "no systemctl"])
def test_without_a_manager_install_changes_nothing(machine, systemctl):
    if systemctl:
        machine.replace_manager(systemctl)
    else:
        (machine.root / "bin" / "systemctl").unlink()
        machine.environment["PATH"] = str(machine.root / "bin")
    before = everything_in(machine.root)
    told = machine.run("service", "install", "--", *machine.arguments, code=2)
    assert "no service manager answers here" in told and "nothing was written. `sanctum serve` runs without one" in told
    assert everything_in(machine.root) == before
    assert "there is nothing to remove" in machine.run("service", "uninstall")
    assert everything_in(machine.root) == before


@pytest.mark.parametrize("refused", ["daemon-reload", "enable", "start"])
def test_an_install_that_the_manager_refuses_leaves_nothing(machine, refused):
    """The unit file stayed, half enabled, and the next boot met it."""
    machine.replace_manager(f'case "$*" in *{refused}*) echo "refused it" >&2; exit 1;; esac; exec {machine.root}/systemctl "$@"')
    told = machine.run("service", "install", "--", *machine.arguments, code=2)
    assert "refused it; nothing is left of it" in told
    assert machine.left() == [] and not machine.listens()
    machine.replace_manager()


def test_a_refused_install_leaves_what_was_there_before(machine):
    """Its undoing took an administrator's drop-in, links and the copies of former units away."""
    drop_in = machine.unit.parent / "sanctum.service.d" / "override.conf"
    links = [machine.unit.parent / folder / "sanctum.service" for folder in ("graphical.target.wants", "default.target.wants")]
    copy = machine.state / "unit-backups" / "1"
    for path in (drop_in, *links, copy):
        path.parent.mkdir(parents=True)
    drop_in.write_text("[Service]\nEnvironment=SANCTUM_QUEUE=3\n")
    for link in links:
        link.symlink_to(machine.unit)
    copy.write_text("a former unit\n")
    before = machine.left()
    machine.replace_manager(f'case "$*" in *start*) echo "refused it" >&2; exit 1;; esac; exec {machine.root}/systemctl "$@"')
    assert "refused it; nothing is left of it" in machine.run("service", "install", "--", *machine.arguments, code=2)
    assert sorted(machine.left()) == sorted(before) and drop_in.exists() and list(copy.parent.iterdir()) == [copy]
    assert all(link.readlink() == machine.unit for link in links)
    machine.replace_manager()


def test_an_install_that_the_manager_refuses_puts_the_former_unit_back(machine):
    """And what it keeps goes on."""
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    unit, kept = machine.unit.read_text(), machine.kept_pid()
    machine.replace_manager(f'case "$*" in *enable*) echo "refused it" >&2; exit 1;; esac; exec {machine.root}/systemctl "$@"')
    told = machine.run("service", "install", "--", *machine.arguments, "--queue", "7", code=2)
    assert "refused it; the unit file that was there before is back" in told
    assert machine.unit.read_text() == unit and machine.kept_pid() == kept
    machine.replace_manager()


def test_a_unit_that_would_not_come_up_ends_nothing(machine):
    file = machine.root / "sanctum.toml"
    file.write_text("queue = 5\n")
    machine.arguments += ["--config", str(file)]
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    subprocess.run(["systemctl", "--user", "stop", "sanctum.service"], check=True, env=machine.environment)
    machine.start_as_orphan()
    before = machine.holder()
    file.write_text("queue = 'half an edi")
    told = machine.doctor("--fix", code=2)
    assert f"{file}:1" in told and "what runs goes on" in told
    assert machine.listens() and machine.holder() == before


def unit_words(machine):
    line = next(line for line in machine.unit.read_text().splitlines() if line.startswith("ExecStart="))
    return shlex.split(line.split("=", 1)[1])


def test_the_unit_outlives_the_build_it_was_installed_from(machine):
    """It names the copy, through a link that every start renews: the folder of the build is deleted."""
    build = machine.root / "build" / "bin"
    build.mkdir(parents=True)
    for name in ("sanctum", "sanctum-engine"):
        shutil.copy(program(name), build / name)
    model = machine.root / "models" / "smoke"
    shutil.copytree(SMOKE_MODEL, model)
    machine.program = str(build / "sanctum")
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    current = machine.state / "releases" / "current"
    assert unit_words(machine)[0] == str(current / "bin" / "sanctum") and current.is_symlink()
    shutil.rmtree(machine.root / "build")
    shutil.rmtree(machine.root / "models")
    machine.program = str(current / "bin" / "sanctum")
    first = machine.kept_pid()
    machine.run("service", "restart")
    wait_until(machine.listens, 60, "it listens")
    assert machine.kept_pid() != first and "is supervised" in machine.doctor()


def test_the_unit_says_all_that_a_manager_does_not_know(machine):
    """Another directory, another environment, and how long a stop may take."""
    folder = machine.root / "here"
    folder.mkdir()
    (folder / "sanctum.toml").write_text("drain_s = 41\n")
    del machine.environment["SANCTUM_DRAIN"]
    machine.environment["SANCTUM_QUEUE"] = "9"
    state = os.path.relpath(machine.state, folder)
    result = subprocess.run([program("sanctum"), "service", "install", "--", "--config", "sanctum.toml", "--listen", f"127.0.0.1:{machine.port}",
                             "--mtls-listen", "off", f"--state-dir={state}"], capture_output=True, text=True, timeout=120, env=machine.environment, cwd=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    words = unit_words(machine)
    assert words[words.index("--config") + 1] == str(folder / "sanctum.toml")
    assert words[words.index("--state-dir") + 1] == str(machine.state)
    text = machine.unit.read_text()
    assert 'Environment="SANCTUM_QUEUE=9"' in text
    assert int(re.search(r"TimeoutStopSec=(\d+)", text)[1]) > 41
    wait_until(machine.listens, 60, "it listens")


def test_stop_goes_through_the_manager_that_would_undo_it(machine):
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    calls = machine.root / "systemd" / "calls"
    calls.write_text("")
    assert "its service manager stops it" in machine.run("stop", "--state-dir", str(machine.state))
    assert "stop" in calls.read_text().split()
    assert machine.kept_pid() == 0 and not machine.listens()


def test_a_start_is_told_before_models_are_there(machine, tmp_path):
    """Until it listens it asks for time, again and again; a model that takes long is no reason to be killed."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(path))
        told.settimeout(60)
        server = subprocess.Popen([program("sanctum"), "serve", *machine.arguments, "--engine", "/bin/false"], env={**machine.environment, "NOTIFY_SOCKET": str(path)},
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        heard = []
        while "READY=1" not in heard:
            heard.append(told.recv(100).decode())
        assert heard[0].startswith("EXTEND_TIMEOUT_USEC=") and int(heard[0].split("=")[1]) > 90e6
        server.terminate()
        assert "ready" not in server.communicate(timeout=60)[0], "no model was ever there"


def test_readiness_is_told_to_the_manager(machine, tmp_path):
    """READY=1 comes when it listens, WATCHDOG=1 as long as it lives, STOPPING=1 at the end."""
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
