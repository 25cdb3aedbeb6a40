"""The service under a real systemd, in a machine of its own (systemd_machine.sh): only where tests are proven, and as root."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from programs import BIN, PROVE, ROOT

MACHINE = Path(__file__).parent / "systemd_machine.sh"
SECONDS_MAX = 600

# `sanctum` is copied to /opt as a build would be, installed from there, and deleted.
SCRIPT = r"""
set -eu
mkdir -p /opt/build/bin /opt/models
cp BIN/sanctum BIN/sanctum-engine /opt/build/bin
cp -r ROOT/models/smoke /opt/models/smoke
state=/var/lib/sanctum
current=$state/releases/current/bin/sanctum

show() { systemctl show sanctum.service --property="$1" --value; }
until_it_is() { # PROPERTY VALUE
  for _ in $(seq 300); do [ "$(show "$1")" != "$2" ] || return 0; sleep 0.2; done
  echo "FAILED: $1 is $(show "$1"), not $2"; journalctl -u sanctum --no-pager | tail -40; exit 1
}
answers() { for _ in $(seq 300); do ! "$current" probe alive --url http://127.0.0.1:8080 >/dev/null 2>&1 || return 0; sleep 0.2; done; echo FAILED: nobody answers; exit 1; }

env -u HOME /opt/build/bin/sanctum service install --system -- --state-dir $state --listen 127.0.0.1:8080 --mtls-listen off --drain 100 --threads 1
answers
[ "$(show TimeoutStopUSec)" = "1min 55s" ] && echo "drain: the manager waits for it"
"$current" doctor --system --state-dir $state && echo "doctor: supervised"

# A boot without the build.
rm -rf /opt/build /opt/models
systemctl restart sanctum.service
answers
echo "build: deleted, and it came up"

# Killed, all of it is gone, and another is started.
before=$(show MainPID)
kill -9 "$before"
for _ in $(seq 300); do [ "$(show MainPID)" != "$before" ] && [ "$(show ActiveState)" = active ] && break; sleep 0.2; done
answers
[ "$(show NRestarts)" -ge 1 ] && echo "kill: started again"

# A person's stop stays one.
"$current" stop --state-dir $state
until_it_is ActiveState inactive
[ "$(show SubState)" = dead ] && echo "stop: not undone"
systemctl start sanctum.service
answers
"$current" stop --now --state-dir $state
until_it_is SubState dead
echo "stop --now: not undone"

# A model that never comes is no reason to kill what listens.
mkdir -p /etc/systemd/system/sanctum.service.d
printf '[Service]\nTimeoutStartSec=2\nEnvironment=SANCTUM_ENGINE=/bin/false\n' >/etc/systemd/system/sanctum.service.d/slow.conf
systemctl daemon-reload
systemctl start sanctum.service
[ "$(show ActiveState)" = active ] && echo "start: active while no model is loaded"
"$current" service uninstall --system
[ -z "$(find /etc/systemd -name '*sanctum*')" ] && [ "$(show LoadState)" = not-found ] && echo "uninstall: gone"
"""
SAID = ("drain: the manager waits for it", "doctor: supervised", "build: deleted, and it came up", "kill: started again", "stop: not undone",
        "stop --now: not undone", "start: active while no model is loaded", "uninstall: gone")


@pytest.mark.skipif(not PROVE, reason="starts a whole system; ./dev prove runs it")
def test_under_systemd(tmp_path):
    if os.geteuid() != 0 or not Path("/usr/lib/systemd/systemd").exists() or not shutil.which("unshare"):
        pytest.skip("needs root, systemd and unshare")
    (tmp_path / "commands").write_text(SCRIPT.replace("BIN", str(BIN.resolve())).replace("ROOT", str(ROOT)))
    folders = {str(ROOT), str(BIN.resolve()), str((ROOT / ".venv").resolve())}
    subprocess.run(["sh", str(MACHINE), str(tmp_path), *sorted(folders)], check=True, timeout=SECONDS_MAX)
    said = (tmp_path / "said").read_text()
    assert [line for line in SAID if line not in said.splitlines()] == [], said
    assert (tmp_path / "over").read_text().strip() == "0", said
