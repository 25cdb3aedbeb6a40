"""Where a setting comes from: a flag, a variable, a file; and what a wrong file is told."""

import os
import subprocess

import pytest

from programs import ROOT, program

KV_BYTES = 2 << 20  # room for some hundreds of tokens of the built-in model, and twice that as integers
EXIT_CONFIGURATION = 78


def room(server):
    return server.client().models.list().data[0].max_model_len


def test_flags_win_over_variables_and_those_over_the_file(start_server, tmp_path):
    file = tmp_path / "sanctum.toml"
    file.write_text(f'kv_bytes = {KV_BYTES}\nkv_type = "int8"\n')
    stored = room(start_server("--config", str(file), environment={"SANCTUM_KV_TYPE": "stored"}))
    small = room(start_server("--config", str(file)))
    assert 1.7 < small / stored <= 2
    assert room(start_server("--config", str(file), "--kv-type", "int8", environment={"SANCTUM_KV_TYPE": "stored"})) == small
    assert room(start_server("--config", str(file), "--kv-bytes", "4MiB")) > 1.9 * small


@pytest.mark.parametrize(("line", "said"), [
    ('kv_typ = "int8"', "unknown key 'kv_typ'"),
    ('kv_type = "int7"', "'kv_type' must be one of stored, int8"),
    ("kv_type = 8", "'kv_type' must be one of stored, int8"),
    ("queue = -1", "'queue' must be an integer from 0 to 65536"),
    ('kv_bytes = "much"', "'kv_bytes' must be a size"),
    ("kv_bytes = -1", "'kv_bytes' must be a size"),
    ('log_level = "loud"', "'log_level' must be one of debug, info, warn, error"),
    ('mtls_listen = "127.0.0.1:99999"', "'mtls_listen' must be an address"),
    ('fallback = "ftp://x"', "'fallback': 'ftp://x' is no server URL"),
    ('restart_at = "whenever"', "'restart_at' must be like"),
    ('allow_host = ["h", "http://h"]', "'allow_host' takes a name without scheme and port"),
    ('allow_origin = ["app.example"]', "'allow_origin' takes the origin of a page"),
])
def test_a_wrong_line_is_named(line, said, tmp_path):
    file = tmp_path / "sanctum.toml"
    file.write_text(f"threads = 2\n{line}\n")
    refused = subprocess.run([program("sanctum"), "serve", "--config", str(file), "--state-dir", str(tmp_path)], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=20)
    assert refused.returncode == EXIT_CONFIGURATION, refused.stderr
    assert f"{file}:2: {said}" in refused.stderr


def check(*words, environment=None):
    return subprocess.run([program("sanctum"), "serve", "--check", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(environment or {})})


def test_check_prints_what_would_be_served_and_from_where(tmp_path):
    file = tmp_path / "sanctum.toml"
    file.write_text('queue = 7\nmax_sequences = 5\nlog_level = "warn"\n')
    checked = check("--config", str(file), "--queue=9", "--state-dir", str(tmp_path / "state"), environment={"SANCTUM_LOG_LEVEL": "error"})
    assert checked.returncode == 0, checked.stderr
    for line in ('queue = 9  # command line', 'max_sequences = 5  # file', 'log_level = "error"  # environment', 'kv_type = "stored"  # default'):
        assert line in checked.stdout.splitlines()
    assert not (tmp_path / "state").exists(), "nothing is made"
    # What it prints says the same as a file.
    printed = tmp_path / "printed.toml"
    printed.write_text(checked.stdout)
    again = check("--config", str(printed))
    assert again.returncode == 0, again.stderr

    def values(text):
        return [line.split("  #")[0] for line in text.splitlines() if not line.startswith("#")]

    assert values(again.stdout) == values(checked.stdout)


@pytest.mark.parametrize(("words", "code", "said"), [
    (["--listen", "nowhere"], 2, "--listen must be an address"),
    (["--listen", "off", "--mtls-listen", "off"], 2, "nobody could ask"),
    (["--log-level", "loud"], 2, "loud"),
    (["--fallback", "ftp://x"], 2, "its scheme must be http"),
    (["--fallback-command", "true"], 2, "of no use without fallback"),
    (["--restart-at", "whenever"], 2, "--restart-at must be like"),
    (["--kv-bytes", "-1"], 2, "--kv-bytes: must be a size"),
    (["--prefix-cache-bytes", "99999999999999999999"], 2, "--prefix-cache-bytes: must be a size"),
    (["--config", "/does/not/exist.toml"], 78, "/does/not/exist.toml"),
    (["/does/not/exist"], 1, "/does/not/exist"),
])
def test_check_ends_as_serve_would(words, code, said, tmp_path):
    for checking in (["--check"], []):
        refused = subprocess.run([program("sanctum"), "serve", *checking, "--state-dir", str(tmp_path / "state"), *words], stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=60)
        assert refused.returncode == code and said in refused.stderr, refused.stderr


def test_two_models_of_one_name_are_refused_with_both_paths(tmp_path):
    """Once the second never settled: the server stayed at "loading", and was parked though it answered."""
    smoke = ROOT / "models" / "smoke"
    (tmp_path / "smoke").symlink_to(smoke)
    refused = check(str(smoke), str(tmp_path / "smoke"))
    assert refused.returncode == 1 and f"'smoke': {smoke} and " in refused.stderr, refused.stderr


@pytest.mark.parametrize(("words", "said"), [
    (["service", "install", "--", "/does/not/exist"], "/does/not/exist"),
    (["service", "install", "--", "--config", "/does/not/exist.toml"], "/does/not/exist.toml"),
    (["probe", "--watch", "http://127.0.0.1:1", "--watch-state", "/proc/none"], "sanctum probe: "),
])
def test_a_command_that_could_not_be_done_ends_with_2(words, said, tmp_path):
    """Whatever of serve's own codes, or of the system's errors, stands behind it: 1 is an answer."""
    refused = subprocess.run([program("sanctum"), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                             env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)})
    assert refused.returncode == 2 and said in refused.stderr, refused.stderr
