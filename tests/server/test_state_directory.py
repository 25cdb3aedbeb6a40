"""The state directory is its user's alone, and one that cannot be used is said to be so, at once."""

import os
import pathlib
import shutil
import stat
import subprocess
import sys

import pytest

from programs import program
from sanctum_server import Server

FAILURE = 1  # exit code


@pytest.fixture
def begin(tmp_path):
    """A function that starts a server on a directory; none outlives its test."""
    made = []

    def start(state, *arguments):
        made.append(Server(state, *arguments))
        return made[-1].start()

    yield start
    for server in made:
        if server.process.poll() is None:
            server.stop()


def open_to_others(root):
    """What anybody but its owner may do something with. What is gone by now was on its way to its name."""
    found = {}
    for path in [root, *(pathlib.Path(folder, name) for folder, folders, files in os.walk(root) for name in folders + files)]:
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue
        if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) & 0o077:
            found[str(path.relative_to(root))] = oct(mode)
    return found


def serve(*words, environment=None, before=()):
    return subprocess.run([*before, program("sanctum"), "serve", "--listen", "127.0.0.1:0", "--mtls-listen", "off", *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=environment)


def test_nobody_else_can_read_it(begin, tmp_path):
    state = tmp_path / "state"
    server = begin(state)
    server.client().models.list()
    assert (state / "journal.db").exists() and open_to_others(state) == {}
    server.stop()
    # As an earlier version left it.
    state.chmod(0o755)
    for name in ("journal.db", "switches.json"):
        (state / name).touch()
        (state / name).chmod(0o644)
    again = begin(state)
    assert open_to_others(state) == {}


def test_a_home_that_is_named_by_mistake_is_left_as_it_is(begin, tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    (home / "page.html").write_text("hello")
    (home / "page.html").chmod(0o644)
    server = begin(home, "--probes", "off")
    assert stat.S_IMODE(home.stat().st_mode) == 0o755 and stat.S_IMODE((home / "page.html").stat().st_mode) == 0o644
    assert set(open_to_others(home)) == {".", "page.html"}
    assert "state_dir_left_open" in server.log()
    # The second time our own files are there: they were taken for a proof that all is ours.
    server.stop()
    again = begin(home, "--probes", "off")
    assert set(open_to_others(home)) == {".", "page.html"}
    assert "state_dir_left_open" in again.log()


def test_a_file_in_its_place_is_a_failure_and_not_wrong_usage(tmp_path):
    (tmp_path / "file").write_text("")
    for state in (tmp_path / "file", tmp_path / "file" / "state"):
        refused = serve("--state-dir", str(state))
        assert refused.returncode == FAILURE and f"state directory {state}" in refused.stderr and "--state-dir" in refused.stderr


def test_a_read_only_one_says_what_to_do(begin, tmp_path):
    """Not even root can write to it: it is mounted read-only where nobody else sees that."""
    state = tmp_path / "state"
    begin(state, "--probes", "off").stop()  # everything that it needs is there already
    private = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*private, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine grants no mount namespace")
    mounted = [*private, "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"', str(state)]
    refused = serve("--state-dir", str(state), before=mounted)
    assert refused.returncode == FAILURE, refused.stderr
    assert f"cannot write to the state directory {state}" in refused.stderr and "--state-dir" in refused.stderr


def test_without_a_home_it_says_so(tmp_path):
    homeless = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_STATE_HOME", "SANCTUM_STATE_DIR")}
    refused = serve("--check", environment=homeless)
    assert refused.returncode == FAILURE and "HOME" in refused.stderr and "--state-dir" in refused.stderr
    for command in (["stop"], ["restart"], ["incidents"]):
        told = subprocess.run([program("sanctum"), *command], capture_output=True, text=True, timeout=60, env=homeless)
        assert told.returncode != 0 and "--state-dir" in told.stderr, command
    assert subprocess.run([program("sanctum"), "--version"], capture_output=True, timeout=60, env=homeless).returncode == 0


def test_a_path_that_no_socket_can_have_is_wrong_usage(tmp_path):
    refused = serve("--state-dir", str(tmp_path / ("long" * 40)))
    assert refused.returncode == 2 and "shorter --state-dir" in refused.stderr


def test_a_removal_of_an_import_is_no_server(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    # A process whose first word is that command's, and which holds the lock as it does.
    (tmp_path / "models").write_text("import fcntl, os, struct, sys\n"
                                     "fd = os.open('state/lock', os.O_RDWR | os.O_CREAT)\n"
                                     "fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))\n"
                                     "os.write(fd, f'{os.getpid()}\\n'.encode())\n"
                                     "print('held', flush=True)\n"
                                     "sys.stdin.read()\n")
    removal = subprocess.Popen([sys.executable, "models", "remove"], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert removal.stdout.readline() == "held\n"
        told = serve("--state-dir", str(state))
    finally:
        removal.communicate(timeout=60)
    assert told.returncode == 64 and "`sanctum models remove` is at this state directory" in told.stderr and "serves" not in told.stderr, told.stderr
