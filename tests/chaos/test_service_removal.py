"""Taking a service away, whatever state it is in. The service manager is a stand-in."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from programs import wait_until
from test_service import NO_MANAGER, machine, unit_words  # noqa: F401

SYSTEM_UNITS = Path("/etc/systemd/system")


def test_uninstall_takes_all_away_and_twice_is_fine(machine):
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    drop_in = machine.unit.parent / "sanctum.service.d" / "override.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nEnvironment=SANCTUM_QUEUE=3\n")  # `systemctl edit`
    links = [machine.unit.parent / folder / "sanctum.service" for folder in ("default.target.wants", "graphical.target.wants", "other.service.requires")]
    for link in links[1:]:
        link.parent.mkdir()
        link.symlink_to(machine.unit)
    kept = machine.kept_pid()
    if not list(SYSTEM_UNITS.rglob("sanctum.service*")):  # never the one that this machine may have
        assert "a user's own is there, without --system" in machine.run("service", "uninstall", "--system")
        assert machine.listens() and machine.unit.exists()
    told = machine.run("service", "uninstall")
    for path in (machine.unit, drop_in.parent, *links, machine.state / "unit-backups"):
        assert f"removed {path}\n" in told
    assert f"ended process {kept}" in told and f"kept {machine.state}, with its certificates, keys and journal" in told
    assert machine.left() == [] and not machine.listens()
    assert machine.calls()[-2:] == ["daemon-reload", "reset-failed"], "the manager forgets it"
    told = machine.run("service", "uninstall")
    assert f"there is nothing to remove: no {machine.unit}, and no manager that keeps one" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove everything")
def test_uninstall_says_what_it_may_not_remove(machine):
    machine.install()
    machine.unit.parent.chmod(0o500)
    told = machine.run("service", "uninstall", code=1)
    machine.unit.parent.chmod(0o700)
    assert f"cannot remove {machine.unit}: Permission denied" in told and machine.unit.exists()


EDITS = {"nonsense": lambda unit: unit.write_text("by hand: nonsense\n"), "deleted": lambda unit: unit.unlink(),
         "another program": lambda unit: unit.write_text("[Service]\nExecStart=/bin/true\n")}


@pytest.mark.parametrize("edit", EDITS)
def test_uninstall_whatever_became_of_the_unit_file(machine, edit):
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    EDITS[edit](machine.unit)
    machine.run("service", "uninstall")
    assert machine.left() == [] and machine.kept_pid() == 0 and not machine.listens()


def test_uninstall_when_the_state_directory_is_gone(machine):
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    kept = machine.kept_pid()
    machine.state.rename(machine.root / "gone")
    told = machine.run("service", "uninstall")
    assert f"ended process {kept}" in told and "kept " not in told
    assert machine.left() == [] and not machine.listens()


def test_uninstall_when_the_manager_refuses_to_disable(machine):
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    machine.replace_manager(f'case "$*" in *disable*) echo "refused it" >&2; exit 1;; esac; exec {machine.root}/systemctl "$@"')
    machine.run("service", "uninstall")  # it stops it all the same, and is told to read its files anew
    assert machine.left() == [] and not machine.listens()
    machine.replace_manager()


def test_uninstall_when_the_manager_refuses_everything(machine):
    machine.install()
    machine.run("stop", "--state-dir", str(machine.state))
    machine.replace_manager(f'case "$*" in *show*) exec {machine.root}/systemctl "$@";; esac; echo "refused it" >&2; exit 1')
    machine.run("service", "uninstall")
    assert machine.left() == []
    machine.replace_manager()


def test_uninstall_when_the_manager_is_gone_ends_what_it_kept(machine):
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    kept = machine.kept_pid()
    machine.replace_manager(NO_MANAGER)
    told = machine.run("service", "uninstall", code=1)
    assert "the service manager was not told, for none answers here" in told and f"ended process {kept}" in told
    assert machine.left() == [] and not machine.listens()
    assert "there is nothing to remove" in machine.run("service", "uninstall")
    machine.replace_manager()


def test_uninstall_when_the_manager_that_nobody_could_tell_starts_it_again(machine):
    """It said "ended process N" of what was back two seconds later."""
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    kept, words = machine.kept_pid(), unit_words(machine)
    machine.replace_manager(NO_MANAGER)
    manager = subprocess.Popen(["sh", "-c", f'while kill -0 {kept} 2>/dev/null && ! grep -q "^State:.Z" /proc/{kept}/status; do sleep 0.05; done; exec "$@"', "sh", *words],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=machine.environment)
    told = machine.run("service", "uninstall", code=1)
    assert f"process {kept} ended, and process {manager.pid} came in its place" in told and "ended process" not in told
    assert f"`XDG_RUNTIME_DIR=/run/user/{os.getuid()} systemctl --user stop sanctum` ends it" in told
    assert machine.left() == []
    manager.terminate()
    manager.wait(60)
    machine.replace_manager()


@pytest.mark.skipif(bool(list(SYSTEM_UNITS.rglob("sanctum.service*"))), reason="never the one that this machine may have")
def test_uninstall_that_is_refused_waits_for_nobody(machine):
    """Without root it waited 90 s in silence for a process that nobody had asked to end."""
    machine.start_as_orphan()
    shown = f'printf "ActiveState=active\\nUnitFileState=enabled\\nMainPID={machine.holder()}\\n"'
    machine.replace_manager(f'case "$*" in *--user*) exec {machine.root}/systemctl "$@";; *show*) {shown}; exit 0;; esac; echo "Interactive authentication required." >&2; exit 1')
    told = machine.run("service", "uninstall", "--system", code=1)
    assert "refuses, and what runs goes on" in told and "Interactive authentication required.; run it as root" in told
    assert "still runs" not in told and machine.listens()
    machine.replace_manager()


def test_uninstall_says_what_it_waits_for(machine):
    """A server with answers to finish took up to 90 s, in silence."""
    machine.install()
    wait_until(machine.listens, 60, "it listens")
    kept = machine.kept_pid()
    machine.replace_manager(f'case "$*" in *"disable --now --no-block"*) exit 0;; esac; exec {machine.root}/systemctl "$@"')  # it is told, and ends it later
    removing = subprocess.Popen([machine.program, "service", "uninstall"], env=machine.environment, stdout=subprocess.PIPE, text=True)
    assert re.fullmatch(rf"waiting, for \d+ s at most, until process {kept} has ended: .*\n", removing.stdout.readline())
    os.kill(kept, signal.SIGTERM)
    assert f"ended process {kept}" in removing.communicate(timeout=60)[0]
    machine.replace_manager()


def test_uninstall_lets_another_server_go_on(machine):
    """It serves the same state directory, and was started by hand otherwise."""
    machine.install()
    machine.run("stop", "--state-dir", str(machine.state))
    machine.arguments += ["--queue", "7"]
    machine.start_as_orphan()
    machine.replace_manager(NO_MANAGER)
    told = machine.run("service", "uninstall", code=1)
    assert "ended" not in told and machine.left() == [] and machine.listens()
    machine.replace_manager()
