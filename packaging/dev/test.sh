# The tests. Sourced by ./dev after build.sh. Limits of single tests are in cmake/library.cmake and
# tests/pytest.ini.

TEST_JOBS_MAX=4  # each starts servers whose engines take every core

test_jobs() {
  local jobs
  jobs=$(jobs_max)
  echo $((jobs < TEST_JOBS_MAX ? jobs : TEST_JOBS_MAX))
}

# run_tests [PYTEST ARGUMENT...]: unit tests, then those that cross processes; the last line says
# how many passed and failed.
run_tests() {
  local results=$CACHE/results unit=0 across=0
  local ctest_options=(--output-on-failure) pytest_options=() started=$SECONDS
  if [ -n "${SANCTUM_PROVE:-}" ]; then
    export SANCTUM_PROVE
    ctest_options=(--verbose)
    pytest_options=(-rP)  # one at a time: its figures want the machine
  else
    pytest_options=(--numprocesses "$(test_jobs)" --dist worksteal)
  fi
  rm -rf "$results"
  mkdir -p "$results/gtest"
  say "Unit tests"
  GTEST_OUTPUT=xml:$results/gtest/ ctest --test-dir build -j "$(jobs_max)" \
    "${ctest_options[@]}" --output-junit "$results/ctest.xml" 2>&1 | tee "$CACHE/unit.log" || unit=$?
  say "Tests across processes"
  SANCTUM_BUILD_DIR=$ROOT/build/bin PYTHONDONTWRITEBYTECODE=1 .venv/bin/python -m pytest tests -q \
    -p no:cacheprovider --junitxml "$results/pytest.xml" \
    ${pytest_options[@]+"${pytest_options[@]}"} "$@" 2>&1 | tee "$CACHE/pytest.log" || across=$?
  say "The tests took $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s"
  python3 packaging/dev/tally.py "$results" "$unit" "$across"
}
