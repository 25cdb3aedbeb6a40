"""Where a setting comes from: a flag, a variable, a file; and what a wrong file is told."""

import subprocess

import pytest

from programs import program

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
])
def test_a_wrong_line_is_named(line, said, tmp_path):
    file = tmp_path / "sanctum.toml"
    file.write_text(f"threads = 2\n{line}\n")
    refused = subprocess.run([program("sanctum"), "serve", "--config", str(file), "--state-dir", str(tmp_path)], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=20)
    assert refused.returncode == EXIT_CONFIGURATION, refused.stderr
    assert f"{file}:2: {said}" in refused.stderr
