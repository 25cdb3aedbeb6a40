#!/bin/sh
# A machine of its own with systemd as its first process: systemd_machine.sh DIRECTORY [READ-ONLY FOLDER...]
# Needs root. systemd runs DIRECTORY/commands; what they say is in `said`, and their exit code in
# `over` once the machine has been switched off.
#
# Nothing of the machine that we are on can be written to from inside: the root is a tmpfs, of which
# we see programs and libraries read-only; devices, processes and network are its own; the kernel's
# settings are read-only. systemd empties /tmp when it starts, so nothing less will do.
set -eu
if [ "${SYSTEMD_MACHINE:-}" != inside ]; then
  if [ "${SYSTEMD_MACHINE:-}" != mounts ]; then
    SYSTEMD_MACHINE=mounts exec unshare --mount sh "$0" "$@"
  fi
  # Control groups below one of ours, so that its root is not the machine's.
  groups=$1/groups
  mkdir "$groups"
  mount -t cgroup2 cgroup2 "$groups"
  mine=$groups/sanctum-$$
  mkdir "$mine"
  status=0
  sh -c 'echo $$ >"$0/cgroup.procs" && umount "$1" && shift && exec "$@"' "$mine" "$groups" \
    env SYSTEMD_MACHINE=inside unshare --pid --fork --kill-child --mount --uts --ipc --net --cgroup sh "$0" "$@" || status=$?
  mount -t cgroup2 cgroup2 "$groups"
  find "$mine" -depth -type d -exec rmdir {} +
  umount "$groups"
  exit $status
fi
shared=$1
shift
mount --make-rprivate /
root=$(mktemp -d "$shared/root.XXXXXX")
mount -t tmpfs tmpfs "$root"
cd "$root"
mkdir -p dev proc sys run tmp var/log var/lib var/tmp root shared old etc usr
for place in bin sbin lib lib64 lib32; do
  if [ -L "/$place" ]; then cp -P "/$place" "$place"; elif [ -d "/$place" ]; then mkdir "$place" && mount --bind "/$place" "$place" && mount -o remount,bind,ro "$place"; fi
done
mount --bind /usr usr
mount -o remount,bind,ro usr
cp -a /etc/. etc
rm -rf etc/systemd/system/*.wants etc/systemd/system/*.requires etc/machine-id
echo 00000000000000000000000000005a7c >etc/machine-id
for unit in systemd-sysctl systemd-udevd systemd-udev-trigger systemd-modules-load systemd-remount-fs systemd-random-seed systemd-timesyncd systemd-logind; do
  ln -sf /dev/null "etc/systemd/system/$unit.service"
done
cat >etc/systemd/system/prove.target <<'TEXT'
[Unit]
Description=Nothing but what a test starts
Requires=basic.target
After=basic.target
Wants=prove.service
TEXT
cat >etc/systemd/system/prove.service <<'TEXT'
[Unit]
Description=The commands of a test
After=basic.target
[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/bin/sh /shared/commands
ExecStopPost=/bin/sh -c 'echo "$EXIT_STATUS" >/shared/over; systemctl --no-block exit'
StandardOutput=file:/shared/said
StandardError=inherit
TimeoutStartSec=900
TEXT
mount --bind "$shared" shared
for folder in "$@"; do
  mkdir -p "./$folder"
  mount --rbind "$folder" "./$folder"
  mount -o remount,bind,ro "./$folder"
done
mount -t tmpfs tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs tmpfs dev/shm
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs run
mount -t cgroup2 cgroup2 sys/fs/cgroup
ip link set lo up
pivot_root . old
cd /
umount -l old
rmdir old
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=sanctum-prove /usr/lib/systemd/systemd --system --unit=prove.target --log-target=console --log-level=info
