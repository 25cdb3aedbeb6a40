#!/usr/bin/env python3
"""An engine whose frames go wrong: the real one, with somebody between it and the gateway.

BAD_FRAMES_ENGINE is the real engine's program, BAD_FRAMES what goes wrong, once: after some `tokens` frames of the first life, but for
"earlier", where the second life says a frame of the first. BAD_FRAMES_NOTES is a file that outlives us.
"""

import os
import socket
import subprocess
import sys
import threading

FRAMES_BEFORE = 40
HUGE_BYTES = 256 << 20

real, what, notes = (os.environ["BAD_FRAMES" + name] for name in ("_ENGINE", "", "_NOTES"))
arguments = sys.argv[1:]
if "--rpc-fd" not in arguments:
    os.execv(real, [real, *arguments])

gateway = socket.socket(fileno=3)
ours, theirs = socket.socketpair()
arguments[arguments.index("--rpc-fd") + 1] = str(theirs.fileno())
engine = subprocess.Popen([real, *arguments], pass_fds=(theirs.fileno(), 4))
theirs.close()


def copy_calls():
    while data := gateway.recv(1 << 16):
        ours.sendall(data)
    ours.shutdown(socket.SHUT_WR)


def go_wrong(line, following):
    """What is sent instead of `line`; `following` gives the next one."""
    if what == "truncated":
        gateway.sendall(line[: len(line) // 2])
        os._exit(0)
    elif what == "huge":
        gateway.sendall(b"x" * HUGE_BYTES)
    elif what == "swapped":
        gateway.sendall(following() + line)
    elif what == "twice":
        gateway.sendall(line + line)
    elif what == "nonsense":
        gateway.sendall(b'{"jsonrpc":"2.0","method":"tokens","params":{"step":[]}}\n')
    elif what == "earlier":
        os._exit(1)


first = not os.path.exists(notes)
if first:
    open(notes, "w").close()
threading.Thread(target=copy_calls, daemon=True).start()
reader, seen = ours.makefile("rb"), 0


def next_tokens():
    for line in reader:
        if b'"method":"tokens"' in line:
            return line
        gateway.sendall(line)


try:
    while line := next_tokens():
        seen += 1
        if first and seen == FRAMES_BEFORE // 2:
            with open(notes, "wb") as file:
                file.write(line)
        if first and seen == FRAMES_BEFORE:
            go_wrong(line, next_tokens)
        elif not first and what == "earlier" and seen == FRAMES_BEFORE and os.path.getsize(notes):
            with open(notes, "rb") as file:
                gateway.sendall(line + file.read())
            os.truncate(notes, 0)
        else:
            gateway.sendall(line)
except OSError:
    pass  # the gateway has had enough
engine.wait()
