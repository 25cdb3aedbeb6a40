"""The system has no process or descriptor for another gateway: that passes, and nothing is given up for it."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from programs import program, wait_until
from sanctum_server import Server
from test_gateway_death import serves

NOBODY = 65534


@contextlib.contextmanager
def limited(pid, what, soft, as_whom=()):
    """`what`: as prlimit(1) spells it. Limits of another user's process are his to change."""
    def prlimit(*words):
        return subprocess.run([*as_whom, "prlimit", f"--pid={pid}", *words], capture_output=True, text=True, check=True).stdout

    before = prlimit(f"--{what}", "--raw", "--noheadings", "--output=SOFT").strip()
    prlimit(f"--{what}={soft}:")
    try:
        yield
    finally:
        prlimit(f"--{what}={before}:")


def comes_back(server, limit, soft, said, as_whom=()):
    try:
        lacks(server.start(), limit, soft, said, as_whom)
    finally:
        server.stop()


def lacks(server, limit, soft, said, as_whom):
    gateway = server.gateway_pid()
    with limited(server.process.pid, limit, soft, as_whom):
        os.kill(gateway, signal.SIGKILL)
        wait_until(lambda: server.log().count("gateway_cannot_start") >= 2, 60, "it was tried more than once")
        assert said in server.log()
        assert server.process.poll() is None
    wait_until(lambda: serves(server), 120, "the next gateway serves")
    assert server.gateway_pid() != gateway


def test_out_of_descriptors(tmp_path):
    comes_back(Server(tmp_path / "state", "--probes", "off"), "nofile", 3, "Too many open files")


@pytest.fixture
def open_directory():
    """One that another user may use; pytest's own are the caller's alone."""
    made = Path(tempfile.mkdtemp(prefix="sanctum-"))
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


def test_out_of_processes(open_directory):
    """EAGAIN of fork(): the limit binds everybody but root, so that root has somebody else serve."""
    server = Server(open_directory / "state", "--probes", "off")
    as_nobody = []
    if os.geteuid() == 0:
        as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        serve_as_nobody = open_directory / "sanctum"
        serve_as_nobody.write_text(f'#!/bin/sh\nexec {" ".join(as_nobody)} {program("sanctum")} "$@"\n')
        serve_as_nobody.chmod(0o755)
        server.program = str(serve_as_nobody)
    comes_back(server, "nproc", 1, "Resource temporarily unavailable", as_nobody)
