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


def resident_bytes(pid):
    """The memory that a process has in RAM, as the system counts it."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, timeout=30, check=True)
    return int(told.stdout) * 1024  # ps tells kibibytes


def open_descriptors(pid):
    """How many files and sockets a process has open."""
    if os.path.isdir(f"/proc/{pid}/fd"):
        return len(os.listdir(f"/proc/{pid}/fd"))
    listing = subprocess.run(["lsof", "-a", "-d", "0-65535", "-p", str(pid)], capture_output=True, text=True, timeout=30, check=True)
    return len(listing.stdout.splitlines()) - 1
