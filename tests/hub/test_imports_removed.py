"""`sanctum models remove` of what `serve` made of GGUF files, and of those files' downloads: not while a server serves them, whoever it belongs to."""

import os
import shutil

import pytest

import tiny_gguf
from programs import program
from terminal import Terminal
from test_downloaded import Serving


def made_in(state, name="old-0123456789abcdef"):
    """An import whose file is gone."""
    directory = state / "imported" / name
    directory.mkdir(parents=True)
    (directory / "config.json").write_text("{}")
    (directory / "imported_from").write_text("/nowhere/old.gguf\n")
    return directory


def remove(home, state, *words):
    return home.run("remove", *words, "--yes", "--state-dir", str(state))


@pytest.mark.parametrize("said", ["this", "nothing", "another"])
def test_one_that_another_homes_server_serves_stays(home, said):
    state = home.directory / "elsewhere"  # no note of this home's tells of it
    name = "old-0123456789abcdef"
    models = {"this": {"models": [str(state / "imported" / name)]}, "nothing": {}, "another": {"models": [str(home.directory / "x")]}}[said]
    serving = Serving(state, **models)
    made = made_in(state, name)
    try:
        result = remove(home, state, f"imported:{name}")
    finally:
        os.close(serving.lock)
    if said == "another":
        assert result.returncode == 0 and not made.exists(), result.stderr
        return
    assert result.returncode == 2 and f"sanctum stop --state-dir {state}" in result.stderr, result.stdout + result.stderr
    assert made.exists()
    assert remove(home, state, f"imported:{name}").returncode == 0 and not made.exists(), "it has ended"


def test_one_is_removed_only_by_who_holds_the_lock(home):
    """A start that began meanwhile served what was going."""
    state = home.directory / "elsewhere"
    made = made_in(state)
    (state / "lock").mkdir()  # nobody can take it
    result = remove(home, state, f"imported:{made.name}")
    assert result.returncode == 2 and "lock" in result.stderr and made.exists(), result.stdout + result.stderr


def test_of_the_unused_those_that_are_served_stay_and_the_others_go(home):
    state = home.directory / "elsewhere"
    serving = Serving(state, models=[str(state / "imported" / "a-0123456789abcdef")])
    served, other = made_in(state, "a-0123456789abcdef"), made_in(state, "b-0123456789abcdef")
    try:
        result = remove(home, state, "--unused")
        again = remove(home, state, "--unused")
    finally:
        os.close(serving.lock)
    assert result.returncode == 0 and served.exists() and not other.exists(), result.stdout + result.stderr
    assert f"kept imported:{served.name}: the server with {state} serves it" in result.stdout and f"removed imported:{other.name}" in result.stdout, result.stdout
    assert again.returncode == 1 and "kept" in again.stdout and "removed" not in again.stdout, again.stdout


def test_what_is_gone_when_a_person_agrees_keeps_no_other(home):
    """A start takes outdated ones away by itself."""
    state = home.directory / "elsewhere"
    gone, other = made_in(state, "a-0123456789abcdef"), made_in(state, "b-0123456789abcdef")
    terminal = Terminal(program("sanctum"), "models", "remove", "--unused", "--state-dir", str(state), env=home.environment)
    try:
        terminal.read_until(r"Remove .*\[y/N\]")
        shutil.rmtree(gone)
        terminal.type("y\n")
        code, shown = terminal.end()
    finally:
        terminal.close()
    assert code == 0 and f"removed imported:{other.name}" in shown and not other.exists(), shown


def test_a_download_whose_gguf_file_is_served_stays(home, hub, start_server):
    hub.add("org/x-GGUF", {"README.md": b"x", "only.gguf": tiny_gguf.write(home.directory / "t.gguf").read_bytes()})
    file = home.pull(name="org/x-GGUF") + "/only.gguf"
    server = start_server(file, environment=home.environment)
    for more in ((), ("--revision", "main")):
        refused = remove(home, server.state_dir, "org/x-GGUF", *more)
        assert refused.returncode == 2 and "serves it" in refused.stderr, refused.stdout + refused.stderr
    assert os.path.exists(file)
    server.stop()
    assert remove(home, server.state_dir, "org/x-GGUF").returncode == 0 and not os.path.exists(file)


def test_what_a_killed_start_left_is_listed_and_removed(home):
    state = home.directory / "elsewhere"
    left = state / "imported" / ".x-0123456789abcdef.importing"
    left.mkdir(parents=True)
    (left / "model.safetensors").write_bytes(b"half")
    (state / "imported" / ".x-0123456789abcdef.import-lock").write_text("1\n")
    listed = home.run("list", "--state-dir", str(state)).stdout
    assert f"unfinished, of a start that runs or was killed: {left}\n" in listed, listed
    removed = remove(home, state, "--unused")
    assert removed.returncode == 0 and f"removed {left}" in removed.stdout and not list((state / "imported").iterdir()), removed.stdout + removed.stderr
