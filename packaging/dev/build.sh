# Configuring and building. Sourced by ./dev after setup.sh.

MIB_PER_JOB=1800  # what one translation unit full of Asio templates takes

# As many jobs as there are cores, unless memory is short.
jobs_max() {
  local cores fits
  cores=$(getconf _NPROCESSORS_ONLN)
  fits=$(awk -v per="$MIB_PER_JOB" '/MemAvailable/ {print int($2 / 1024 / per)}' /proc/meminfo \
    2>/dev/null) || fits=$cores
  [ "${fits:-0}" -ge 1 ] || fits=1
  echo $((cores < fits ? cores : fits))
}

mlx_dir() {
  local found
  for found in "$ROOT"/.venv/lib/python3*/site-packages/mlx/share/cmake/MLX; do
    [ -d "$found" ] || die ".venv holds no MLX: rm -rf .venv and run this again."
    echo "$found"
    return
  done
}

configure() { # configure PRESET DIRECTORY
  local preset=$1 directory=$2 key options
  options=("-DMLX_DIR=$(mlx_dir)" "-DSANCTUM_CARGO=$CARGO"
    "-DSANCTUM_RUST_DIR=$ROOT/.cache/rust")
  if [ "$(uname)" = Darwin ]; then
    options+=(-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
      "-DCMAKE_PREFIX_PATH=$(brew --prefix);$(brew --prefix openssl@3)")
  fi
  key=$({ printf '%s\n' "$ROOT" "${options[@]}" && cat CMakePresets.json; } | hash_of)
  if [ -f "$directory/build.ninja" ] && unchanged "configure-$preset" "$key"; then return; fi
  stage "configure-$preset" "Configure ($preset)" \
    "Mend what CMake reports, then run this again; ./dev clean starts afresh." \
    cmake --preset "$preset" "${options[@]}"
  remember "configure-$preset" "$key"
}

build() { # build TARGET...
  configure release build
  stage build "Build" "Mend the first error above, then run this again." \
    ninja -C build -j "$(jobs_max)" "$@"
}
