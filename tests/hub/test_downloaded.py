"""`sanctum models list`, `check` and `remove`: what is downloaded, by us or by others."""

import fcntl
import json
import os
import struct

import pytest

from hub_home import NAME, read, small_model
from local_hub import sha256
from programs import SMOKE_MODEL, program
from terminal import Terminal

WEIGHTS = "model.safetensors"


def smoke_model():
    return {file.name: file.read_bytes() for file in SMOKE_MODEL.iterdir() if file.is_file()}


def listed(home):
    result = home.run("list", "--json")
    return {model["name"]: model for model in json.loads(result.stdout)["models"]}


def test_the_list_says_what_can_be_served(home, hub, small):
    empty = home.run("list")
    assert empty.returncode == 1 and "nothing is downloaded" in empty.stdout
    hub.add("org/smoke", smoke_model())
    snapshot = home.pull(name="org/smoke")
    home.huggingface()
    (home.repository("org/begun") / "blobs").mkdir(parents=True)
    (home.repository("org/begun") / "blobs" / ("a" * 64 + ".incomplete")).write_bytes(b"half")
    told = listed(home)
    assert (told["org/smoke"]["servable"], told["org/smoke"]["path"], told["org/smoke"]["architecture"]) == (True, snapshot, "qwen3_vl")
    assert told["org/smoke"]["size_bytes"] == sum(len(content) for content in read(snapshot).values())
    assert told[NAME]["servable"] is False and told[NAME]["reason"]
    assert (told["org/begun"]["servable"], told["org/begun"]["loaded_in_part"], told["org/begun"]["disk_bytes"]) == (False, True, 4)
    lines = home.run("list").stdout
    assert f"{snapshot}\n" in lines and "`sanctum models pull org/begun` goes on" in lines


def test_a_check_reads_everything_and_a_pull_mends_it(home, small):
    home.huggingface()
    whole = home.run("check", NAME)
    assert whole.returncode == 0 and f"whole: {len(small)} files" in whole.stdout, whole.stdout
    blob = home.blob(sha256(small[WEIGHTS]))
    damaged = bytearray(small[WEIGHTS])
    damaged[-1] ^= 1
    blob.write_bytes(damaged)
    checked = home.run("check", NAME)
    assert checked.returncode == 1 and "model.safetensors: damaged" in checked.stdout
    assert f"sanctum models pull {NAME} --verify" in checked.stderr
    home.pull()
    assert home.run("check", NAME).returncode == 1, "a plain pull reads nothing that is there"
    assert read(home.pull("--verify"))[WEIGHTS] == small[WEIGHTS]
    assert home.run("check", NAME).returncode == 0
    blob.unlink()
    assert "what it links to is missing" in home.run("check", NAME).stdout
    home.pull()
    assert home.run("check", NAME).returncode == 0


def test_a_name_that_is_none_is_guessed(home, small):
    home.pull()
    slip = home.run("check", "org/smal")
    assert slip.returncode == 2 and f"did you mean '{NAME}'?" in slip.stderr
    assert "is no org/name" in home.run("remove", "../..", "--yes").stderr


def test_a_removal_asks_and_frees_the_disk(home, small):
    home.pull()
    nobody = home.run("remove", NAME)
    assert nobody.returncode == 2 and "--yes" in nobody.stderr
    terminal = Terminal(program("sanctum"), "models", "remove", NAME, env=home.environment)
    try:
        terminal.read_until(r"Remove org/small .*\[y/N\]")
        terminal.type("n\n")
        code, shown = terminal.end()
    finally:
        terminal.close()
    assert code == 1 and "nothing was removed" in shown and home.repository().exists()
    done = home.run("remove", NAME, "--yes")
    assert done.returncode == 0 and "the disk has 300 kB more" in done.stdout, done.stdout
    assert not home.repository().exists()


def test_one_revision_is_removed_and_what_another_uses_stays(home, hub, small):
    old = hub.add(NAME, small_model(**{"config.json": b'{"old": 1}'}), revision="v1")
    home.pull("--revision", "v1")
    snapshot = home.pull()
    assert home.run("remove", NAME, "--revision", "v1", "--yes").returncode == 0
    assert not (home.repository() / "snapshots" / old).exists()
    assert read(snapshot)[WEIGHTS] == small[WEIGHTS] and home.run("check", NAME).returncode == 0
    assert home.huggingface(local_files_only=True) == snapshot


class Serving:
    """What a running server leaves in its state directory: a lock that its process holds, and serving.json."""

    def __init__(self, directory, **said):
        directory.mkdir(parents=True)
        self.lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT)
        fcntl.fcntl(self.lock, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        os.write(self.lock, f"{os.getpid()}\n".encode())
        (directory / "serving.json").write_text(json.dumps({"pid": os.getpid(), "gateway_pid": 0, "engine_pid": 0, "http": "127.0.0.1:1", "mtls": "", **said}))


@pytest.mark.parametrize("said", ["this", "nothing", "another"])
def test_what_a_server_serves_is_not_removed(home, hub, small, said):
    snapshot = home.pull()
    state = home.directory / ".local" / "state" / "sanctum"
    models = {"this": {"models": [snapshot]}, "nothing": {}, "another": {"models": [str(home.directory)]}}[said]
    serving = Serving(state, **models)
    (state.parent / "sanctum-running").mkdir()
    try:
        result = home.run("remove", NAME, "--yes")
    finally:
        os.close(serving.lock)
    if said == "another":
        assert result.returncode == 0, result.stderr
        return
    assert result.returncode == 2 and f"sanctum stop --state-dir {state}" in result.stderr, result.stderr
    assert home.run("check", NAME).returncode == 0
    assert home.run("remove", NAME, "--yes").returncode == 0, "it has ended"


def test_a_running_server_names_what_it_serves(home, hub, start_server):
    hub.add("org/smoke", smoke_model())
    snapshot = home.pull(name="org/smoke")
    state = home.directory / "xdg"
    server = start_server("org/smoke", environment={**home.environment, "XDG_STATE_HOME": str(state)})
    assert json.loads((server.state_dir / "serving.json").read_text())["models"] == [snapshot]
    refused = home.run("remove", "org/smoke", "--yes", environment={"XDG_STATE_HOME": str(state)})
    assert refused.returncode == 2 and "serves it" in refused.stderr, refused.stderr
    server.stop()
    assert home.run("remove", "org/smoke", "--yes", environment={"XDG_STATE_HOME": str(state)}).returncode == 0


def test_a_model_of_before_there_were_makers_is_listed_and_removed(home):
    """models--gpt2 lay there, unseen."""
    repository = home.cache / "models--gpt2"
    for name, content in {"refs/main": "abc", "snapshots/abc/config.json": '{"model_type": "gpt2"}'}.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(content)
    assert listed(home)["gpt2"]["architecture"] == "gpt2"
    checked = home.run("check", "gpt2")
    assert "tokenizer.json: missing" in checked.stdout and "`sanctum models pull ORG/gpt2 --verify` (ORG: who made it)" in checked.stderr
    removed = home.run("remove", "gpt2", "--yes")
    assert removed.returncode == 0 and "the disk has 25 B more" in removed.stdout and not repository.exists(), removed.stdout + removed.stderr
