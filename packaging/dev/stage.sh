# Progress and failure of one stage. Sourced by ./dev; needs CACHE.

STAGE_PID=

say() { printf '==> %s\n' "$*"; }

die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# A stage runs in a process group of its own, so that an interrupt ends all of it.
interrupted() {
  [ -z "$STAGE_PID" ] || kill -TERM -- "-$STAGE_PID" 2>/dev/null || true
  printf '\ndev: interrupted\n' >&2
  exit 130
}
trap interrupted INT TERM

last_line() { tail -n 1 "$1" 2>/dev/null | tr -d '\r' | cut -c "1-$2"; }

# stage NAME WHAT HINT COMMAND...: runs the command with its output in .cache/dev/NAME.log, tells
# how it goes, and on failure shows the end of the log and the hint.
stage() {
  local name=$1 what=$2 hint=$3 started=$SECONDS told=$SECONDS status=0
  shift 3
  local log=$CACHE/$name.log
  set -m
  "$@" >"$log" 2>&1 &
  STAGE_PID=$!
  set +m
  [ -t 1 ] || say "$what ..."
  while kill -0 "$STAGE_PID" 2>/dev/null; do
    sleep 0.1
    if [ -t 1 ]; then
      printf '\r\033[K==> %s ... %d s  %s' "$what" $((SECONDS - started)) "$(last_line "$log" 60)"
    elif [ $((SECONDS - told)) -ge 20 ]; then
      told=$SECONDS
      say "$what ... $((SECONDS - started)) s  $(last_line "$log" 90)"
    fi
  done
  wait "$STAGE_PID" || status=$?
  STAGE_PID=
  [ ! -t 1 ] || printf '\r\033[K'
  if [ "$status" -ne 0 ]; then
    printf -- '---- the end of %s\n' "$log" >&2
    tail -n 40 "$log" >&2
    printf -- '----\n' >&2
    die "$what failed (exit $status). $hint"
  fi
  say "$what: done in $((SECONDS - started)) s"
}

# unchanged NAME KEY: true when the stage of that name last succeeded with the same key.
unchanged() { [ "$(cat "$CACHE/$1.stamp" 2>/dev/null)" = "$2" ]; }
remember() { printf '%s\n' "$2" >"$CACHE/$1.stamp"; }

hash_of() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-64
}
