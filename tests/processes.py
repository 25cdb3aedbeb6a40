"""The processes of a machine, as far as the tests need them."""

import os
import subprocess


def table():
    """(pid, parent, command) of every live process."""
    rows = []
    listing = subprocess.run(["ps", "-axo", "pid=,ppid=,stat=,comm="], capture_output=True, text=True, timeout=30, check=True)
    for line in listing.stdout.splitlines():
        pid, parent, state, command = line.split(None, 3)
        if not state.startswith("Z"):
            rows.append((int(pid), int(parent), os.path.basename(command)))
    return rows


def engines_of(server_pid):
    return [pid for pid, parent, command in table() if parent == server_pid and command.startswith("sanctum-engine")]


def alive(pid):
    return any(row[0] == pid for row in table())
