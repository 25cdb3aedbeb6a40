#!/usr/bin/env bash
# Proves that the two commands work on a fresh Debian 12: makes one in DIR, clones this repository's
# HEAD into it and runs, with a clean PATH, `./dev serve` until it has answered, then `./dev test`.
#
#   sudo packaging/clean_debian.sh DIR [MIRROR]
#
# Needs debootstrap. DIR is kept; a second run with the same DIR shows the second run's times.
set -euo pipefail
set -m  # background jobs get process groups of their own

[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
DIR=$(realpath -m "$1")
MIRROR=${2:-$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' | awk '$1 == "bookworm" {print $2; exit}')}
[ -n "$MIRROR" ] || { echo "apt knows no bookworm archive: name one as MIRROR"; exit 2; }
MIRROR=${MIRROR%/}
SOURCE=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
READY_SECONDS_MAX=3600

if [ ! -f "$DIR/etc/debian_version" ]; then
  debootstrap --variant=minbase --include=ca-certificates bookworm "$DIR" "$MIRROR"
fi
# The fresh machine trusts and resolves what this one does.
cp -L /etc/resolv.conf "$DIR/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$DIR/etc/ssl/certs/ca-certificates.crt"
mountpoint -q "$DIR/proc" || mount -t proc proc "$DIR/proc"
if ! mountpoint -q "$DIR/dev"; then
  mount --rbind /dev "$DIR/dev"
  mount --make-rslave "$DIR/dev"  # or taking it away would take this machine's too
fi
trap 'umount -l "$DIR/dev" "$DIR/proc"' EXIT

inside() {
  chroot "$DIR" /usr/bin/env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    "$@"
}

# As an installed Debian 12 has it: cargo-web is new enough in the security archive only.
echo "deb $MIRROR-security bookworm-security main" >"$DIR/etc/apt/sources.list.d/security.list"
inside apt-get update -qq
inside apt-get install -y -qq git curl >/dev/null
rm -rf "$DIR/root/bundle"
git -C "$SOURCE" bundle create -q "$DIR/root/bundle" HEAD
if [ -d "$DIR/root/sanctum" ]; then
  inside git -C /root/sanctum fetch -q /root/bundle HEAD
  inside git -C /root/sanctum -c advice.detachedHead=false checkout -q FETCH_HEAD
else
  inside git -c advice.detachedHead=false clone -q /root/bundle /root/sanctum
fi

echo "== ./dev serve"
begin=$SECONDS
inside sh -c 'cd /root/sanctum && exec ./dev serve --listen 127.0.0.1:0 --mtls-listen 127.0.0.1:0' >"$DIR/root/serve.out" 2>"$DIR/root/serve.err" &
serve=$!
until grep -q '^ready ' "$DIR/root/serve.out"; do
  kill -0 $serve 2>/dev/null || { tail -20 "$DIR/root/serve.out" "$DIR/root/serve.err"; exit 1; }
  [ $((SECONDS - begin)) -lt $READY_SECONDS_MAX ] || { echo "not ready after $READY_SECONDS_MAX s"; exit 1; }
  sleep 1
done
grep '^ready ' "$DIR/root/serve.out"
echo "ready after $((SECONDS - begin)) s"
url=$(awk '/^ready /{print $2}' "$DIR/root/serve.out")
inside /root/sanctum/build/bin/sanctum smoke --url "$url"
kill -- -$serve
wait $serve || true

echo "== ./dev test"
begin=$SECONDS
inside sh -c 'cd /root/sanctum && ./dev test'
echo "tests took $((SECONDS - begin)) s"
