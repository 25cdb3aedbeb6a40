#!/usr/bin/env python3
"""Stands in for systemctl: keeps one unit's process, as far as `sanctum` asks for it. State lies in $FAKE_SYSTEMD."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

STATE = Path(os.environ["FAKE_SYSTEMD"])
LINK = Path(os.environ["XDG_CONFIG_HOME"]) / "systemd" / "user" / "default.target.wants" / "sanctum.service"
UNIT = Path(os.environ["XDG_CONFIG_HOME"]) / "systemd" / "user" / "sanctum.service"
STOP_SECONDS_MAX = 60
OPTIONS = ("--user", "--now", "--no-block")


def alive(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return not Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


def pid():
    file = STATE / "pid"
    kept = int(file.read_text()) if file.exists() else 0
    return kept if kept and alive(kept) else 0


def start():
    if pid():
        return
    if not UNIT.exists():
        sys.exit("Unit sanctum.service not found.")
    command = next(line.split("=", 1)[1] for line in UNIT.read_text().splitlines() if line.startswith("ExecStart="))
    words = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(command)]
    log = open(STATE / "log", "ab")
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    (STATE / "pid").write_text(str(process.pid))


def stop(wait=True):
    kept = pid()
    if not kept:
        return
    os.kill(kept, signal.SIGTERM)
    if not wait:
        return
    end = time.monotonic() + STOP_SECONDS_MAX
    while alive(kept) and time.monotonic() < end:
        time.sleep(0.02)


def main(words):
    now, wait = "--now" in words, "--no-block" not in words
    words = [word for word in words if word not in OPTIONS]
    with open(STATE / "calls", "a") as calls:
        calls.write(words[0] + "\n")
    enabled = STATE / "enabled"
    if words[0] == "show":
        print(f"ActiveState={'active' if pid() else 'inactive'}\nUnitFileState={'enabled' if enabled.exists() else 'disabled'}\nMainPID={pid()}")
    elif words[0] == "enable":
        enabled.touch()
        LINK.parent.mkdir(exist_ok=True)
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(UNIT)
        if now:
            start()
    elif words[0] == "disable":
        if not UNIT.exists():
            sys.exit("Failed to disable unit: Unit file sanctum.service does not exist.")
        enabled.unlink(missing_ok=True)
        LINK.unlink(missing_ok=True)
        if now:
            stop(wait)
    elif words[0] in ("start", "restart", "stop"):
        if words[0] != "start":
            stop(wait)
        if words[0] != "stop":
            start()


if "--user" in sys.argv:
    main(sys.argv[1:])
else:
    print("ActiveState=inactive\nUnitFileState=\nMainPID=0")
