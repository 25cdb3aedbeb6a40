"""The processes of a machine, as far as the tests need them."""

import os
import subprocess


def table():
    """(pid, parent, command and its first argument) of every live process."""
    rows = []
    listing = subprocess.run(["ps", "-axwwo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, timeout=30, check=True)
    for line in listing.stdout.splitlines():
        pid, parent, state, *words = line.split(None, 5)
        if not state.startswith("Z") and words:
            rows.append((int(pid), int(parent), " ".join([os.path.basename(words[0]), *words[1:2]])))
    return rows


def children_of(parent, command):
    return [row[0] for row in table() if row[1] == parent and row[2].startswith(command)]


def gateways_of(server_pid):
    return children_of(server_pid, "sanctum gateway")


def probes_of(server_pid):
    return children_of(server_pid, "sanctum probes")


def engines_of(gateway_pid):
    return children_of(gateway_pid, "sanctum-engine")


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
