# What must hold besides the tests. Sourced by ./dev after build.sh.

CHECKS="format edges tidy asan tsan fuzz macos"
FUZZ_TARGETS="config gguf image request safetensors tokenizer unit wire"
FUZZ_SECONDS=${SANCTUM_FUZZ_SECONDS:-60}  # of each target

run_checks() { # run_checks [CHECK...]
  local check
  # shellcheck disable=SC2086
  [ $# -gt 0 ] || set -- $CHECKS
  for check in "$@"; do
    case " $CHECKS " in
      *" $check "*) "check_$check" ;;
      *) die "no such check: $check (there are: $CHECKS)" ;;
    esac
  done
  say "check: clean ($*)"
}

sources() { git ls-files -co --exclude-standard -- '*.cpp' '*.h'; }

format_sources() { sources | xargs "$(command -v clang-format-19 || echo clang-format)" "$@"; }

check_format() {
  stage format "Format" "clang-format-19 -i the files named above." \
    format_sources --dry-run -Werror
}

check_edges() {
  stage edges "Include edges and house rules" "Each line above names a file and the rule." \
    python3 cmake/include_edges.py
}

tidy_sources() {
  local files
  files=$(sources | grep '\.cpp$' | grep -E '^(src|apps)/' | grep -v '_darwin\.cpp$')
  # shellcheck disable=SC2086
  python3 cmake/each_source.py --cache .cache/dev/tidy --key .clang-tidy --jobs "$(jobs_max)" \
    $files -- clang-tidy-19 -p build --quiet --warnings-as-errors='*' {}
}

check_tidy() {
  build all # headers that the build generates must be there
  stage tidy "clang-tidy" "Mend what is named above; only changed files run again." tidy_sources
}

# The unit tests of one sanitizer preset. Python reads no leaks: only what the tests leave counts.
# Some fork to be killed, and whoever has logged has a thread by then.
sanitized_tests() { # sanitized_tests DIRECTORY
  ninja -C "$1" -j "$(jobs_max)" all &&
    ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 \
      UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:suppressions=$ROOT/packaging/dev/ubsan.supp \
      TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:die_after_fork=0 \
      ctest --test-dir "$1" --output-on-failure --label-regex unit
}

# Texts, pictures, prefixes, cancels and little memory through the real programs.
STRESSED="tests/server/test_stress_solo.py::test_the_built_in_model_answers_as_it_does_alone
  tests/server/test_batching.py tests/server/test_disconnect.py::test_others_go_on
  tests/engine/test_kv_memory.py tests/engine/test_rpc.py"

# MLX comes built without the sanitizers: its vectors tell them nothing. The engine ends without
# freeing what its threads hold. A process that is started again must not hide what ended the one
# before it: reports go to files.
sanitized_stress() { # sanitized_stress DIRECTORY
  local reports=$ROOT/$1/reports status=0
  rm -rf "$reports"
  mkdir -p "$reports" "$1/share/sanctum"
  ln -sfn "$ROOT/models" "$1/share/sanctum/models" # where an installed program looks
  # shellcheck disable=SC2086
  ASAN_OPTIONS=detect_leaks=0:strict_string_checks=1:detect_container_overflow=0:log_path=$reports/asan \
    UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:suppressions=$ROOT/packaging/dev/ubsan.supp:log_path=$reports/ubsan \
    SANCTUM_BUILD_DIR=$ROOT/$1/bin PYTHONDONTWRITEBYTECODE=1 .venv/bin/python -m pytest -q \
    -p no:cacheprovider $STRESSED || status=$?
  [ -z "$(ls "$reports")" ] || { cat "$reports"/* && return 1; }
  return "$status"
}

check_asan() {
  configure asan build/asan
  stage asan "Unit tests under asan and ubsan" "The report above names the line." \
    sanitized_tests build/asan
  stage asan-stress "Engine and gateway under load, under asan and ubsan" \
    "The report above names the line." sanitized_stress build/asan
}

check_tsan() {
  configure tsan build/tsan
  stage tsan "Unit tests under tsan" "The report above names both threads." \
    sanitized_tests build/tsan
}

# What a run found beyond the seeds is kept for the next one. What ends a target lies in .cache/dev.
fuzz_one() { # fuzz_one TARGET
  local seeds=fuzz/seeds/$1 found=$CACHE/fuzz/$1
  [ "$1" != image ] || seeds=src/image/testdata/pictures
  mkdir -p "$found"
  UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 "build/fuzz/bin/$1_fuzz" -max_len=65536 \
    -timeout=20 -rss_limit_mb=2048 -max_total_time="$FUZZ_SECONDS" -print_final_stats=1 \
    -artifact_prefix="$CACHE/fuzz/$1-" "$found" "$seeds"
}

check_fuzz() {
  local target
  configure fuzz build/fuzz
  # shellcheck disable=SC2086
  stage build-fuzz "Build the fuzz targets" "Mend the first error above." \
    ninja -C build/fuzz -j "$(jobs_max)" $(printf '%s_fuzz ' $FUZZ_TARGETS)
  for target in $FUZZ_TARGETS; do
    stage "fuzz-$target" "Fuzz $target for $FUZZ_SECONDS s" \
      "build/fuzz/bin/${target}_fuzz .cache/dev/fuzz/$target-* shows it again." fuzz_one "$target"
  done
}

check_macos() {
  build sanctum_text_rust_build # the bridge's header
  stage macos "Compile for arm64 macOS" "Each error above would be one on a Mac." \
    packaging/macos_check.sh
}
