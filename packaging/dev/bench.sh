# llama.cpp for ./dev bench, in a venv of its own. Sourced by ./dev after setup.sh.

BENCH_VENV=.cache/bench/venv
BENCH_PACKAGES="llama-cpp-python==0.3.36 gguf==0.19.0 numpy==2.4.6"
# For this very machine's vector instructions; AMX stays off.
BENCH_CMAKE_ARGS="-DGGML_NATIVE=ON -DGGML_AMX_TILE=OFF -DGGML_AMX_INT8=OFF -DGGML_AMX_BF16=OFF"

install_llama_cpp() {
  # A fresh Debian has no other compiler than the one that builds this repository.
  if command -v clang++-19 >/dev/null && ! command -v g++ >/dev/null; then
    export CC=clang-19 CXX=clang++-19
  fi
  export CMAKE_ARGS=$BENCH_CMAKE_ARGS CMAKE_BUILD_PARALLEL_LEVEL
  CMAKE_BUILD_PARALLEL_LEVEL=$(jobs_max)
  rm -rf "$BENCH_VENV"
  # shellcheck disable=SC2086
  python3 -m venv "$BENCH_VENV" &&
    "$BENCH_VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off -v \
      --no-binary llama-cpp-python $BENCH_PACKAGES
}

# Without llama.cpp the bench has fewer rows; that is no reason to fail.
set_up_llama_cpp() {
  local key
  key=$(hash_of <<<"$BENCH_PACKAGES $BENCH_CMAKE_ARGS")
  if [ -x "$BENCH_VENV/bin/python" ] && unchanged bench-llama "$key"; then return; fi
  if (
    trap interrupted INT TERM
    stage bench-llama "llama.cpp to compare with (built once, about ten minutes on two cores)" \
      "Mend what pip reports (network, disk), then run this again." install_llama_cpp
  ); then
    remember bench-llama "$key"
  else
    say "going on without llama.cpp: its columns stay empty"
  fi
}
