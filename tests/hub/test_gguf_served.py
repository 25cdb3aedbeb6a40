"""`sanctum serve FILE.gguf`: imported once into the state directory, again when the file has changed, and told before anything is started."""

import fcntl
import json
import os
import resource
import shutil
import subprocess

import numpy as np
import pytest
from safetensors.numpy import save_file

import tiny_gguf
from programs import BUILT_IN, SMOKE_MODEL, program
from sanctum_server import Server

RUN_SECONDS_MAX = 90


@pytest.fixture
def file(tmp_path):
    return tiny_gguf.write(tmp_path / "Tiny-Q8_0.gguf")


def imports(state):
    return sorted(path.name for path in (state / "imported").iterdir()) if (state / "imported").exists() else []


def small_files():
    """As on a disk that is full; the signal that comes with it ends whoever has not thought of it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def check(state, *words, preexec=None):
    """`serve --check`, and what a start would say."""
    environment = {**os.environ, "XDG_STATE_HOME": str(state.parent), "HOME": str(state.parent)}
    return subprocess.run([program("sanctum"), "serve", *map(str, words), "--state-dir", str(state), "--listen", "127.0.0.1:0", "--mtls-listen", "off"],
                          capture_output=True, text=True, timeout=RUN_SECONDS_MAX, stdin=subprocess.DEVNULL, env=environment, preexec_fn=preexec)


def answer(server, model):
    done = server.client().chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}], max_tokens=6, temperature=0, seed=1)
    return done.choices[0].message.content


def test_it_is_imported_once_and_again_when_it_has_changed(file, tmp_path):
    state = tmp_path / "state"
    server = Server(state, str(file))
    said = []
    for _ in range(2):
        server.start()
        try:
            assert [model.id for model in server.client().models.list().data] == ["Tiny-Q8_0"]
            said.append(answer(server, "Tiny-Q8_0"))
        finally:
            server.stop()
        [made] = (state / "imported").iterdir()
        if len(said) == 1:  # as a version of other names left it
            made.rename(made.with_name("mine-" + made.name.split("-")[-1]))
    assert server.log().count("gguf_import_begun") == server.log().count("gguf_imported") == 1, server.log()
    assert "import_taken_over" in server.log()
    first = imports(state)
    assert len(first) == 1 and first[0].startswith("Tiny-Q8_0-")

    tiny_gguf.write(file, seed=2)
    server.start()
    try:
        said.append(answer(server, "Tiny-Q8_0"))
    finally:
        server.stop()
    assert server.log().count("gguf_imported") == 2 and imports(state) != first
    assert len(imports(state)) == 1, "what was made of the old one is gone"
    assert said[0] == said[1] != said[2]


def test_two_names_of_one_file_share_its_import(file, tmp_path):
    state, link = tmp_path / "state", tmp_path / "link.gguf"
    link.symlink_to(file)
    server = Server(state, f"one={file}", f"two={link}", str(link))
    made = set()
    for _ in range(2):
        server.start()
        try:
            assert [model.id for model in server.client().models.list().data] == ["one", "two", "link"]
            assert len({answer(server, name) for name in ("one", "two", "link")}) == 1
            made.add(tuple((path, path.stat().st_ino) for path in (state / "imported").iterdir()))
        finally:
            server.stop()
    assert len(made) == 1 and len(imports(state)) == 1
    assert server.log().count("gguf_imported") == 1 and "outdated_import_removed" not in server.log(), server.log()
    assert (state / "imported" / imports(state)[0] / "imported_from").read_text() == f"{file}\n"


def half_imported(state):
    """The weights of what somebody imported who was killed."""
    left = state / "imported" / ".Other-Q8_0-0123456789abcdef.importing"
    left.mkdir(parents=True)
    (left / "model.safetensors").write_bytes(b"half")
    left.with_suffix(".import-lock").touch()
    return left / "model.safetensors"


def test_what_a_killed_import_left_is_removed_by_the_next_start(tmp_path):
    state = tmp_path / "state"
    left = half_imported(state).parent
    server = Server(state, "smoke").start()
    server.stop()
    assert imports(state) == [] and str(left) in server.log(), server.log()


def test_what_a_killed_one_left_is_gone_before_the_next_start_is_checked(tmp_path):
    """There was no room for an import beside it, for ever; and `models remove` believed what it said it served."""
    state = tmp_path / "state"
    half_imported(state)
    (state / "serving.json").write_text(json.dumps({"pid": 1, "gateway_pid": 1, "engine_pid": 0, "http": "", "mtls": "", "models": []}))
    told = check(state, broken(tmp_path, "other"))
    assert told.returncode == 1 and "'mamba'" in told.stderr, told.stderr
    assert imports(state) == [] and not (state / "serving.json").exists()


def test_room_that_a_start_makes_counts_in_its_check(tmp_path):
    state = tmp_path / "state"
    huge = tiny_gguf.write_huge(tmp_path / "huge.gguf")
    os.truncate(half_imported(state), 1 << 42)  # a hole
    told = check(state, huge, "--check")
    assert "are needed" not in told.stderr, told.stderr
    assert "are needed" in check(tmp_path / "other", huge, "--check").stderr


def test_one_of_several_by_a_name_of_its_own(file, tmp_path, start_server):
    server = start_server("smoke", f"tiny={file}")
    assert [model.id for model in server.client().models.list().data] == [BUILT_IN, "tiny"]
    assert answer(server, "tiny")


def test_check_says_what_would_happen(file, tmp_path):
    state = tmp_path / "state"
    told = check(state, file, "--check")
    assert told.returncode == 0, told.stderr
    [line] = [line for line in told.stdout.splitlines() if str(file) in line and line.startswith("#")]
    assert "the next start imports into" in line and str(state / "imported") in line
    assert not state.exists(), "nothing is done"


def broken(tmp_path, kind):
    path = tmp_path / "x.gguf"
    if kind == "text":
        path.write_text("hello")
    elif kind == "cut":
        path.write_bytes(tiny_gguf.write(path).read_bytes()[:-100])
    elif kind == "picture half":
        tiny_gguf.write(path, architecture="clip")
    elif kind == "part":
        tiny_gguf.write(path, parts=3)
    elif kind == "merges":
        tiny_gguf.write(path, merges_more=["nobody 's"])
    elif kind == "other":
        tiny_gguf.write(path, architecture="mamba")
    return path


@pytest.mark.parametrize("beside", [(), ("smoke",)], ids=["alone", "beside another"])
@pytest.mark.parametrize("kind, word", [("text", "no GGUF file"), ("cut", "damaged"), ("picture half", "mmproj"), ("part", "--merge"), ("other", "'mamba'"),
                                        ("merges", "tokenizer.ggml.merges"), ("missing", "there is no file")])
def test_a_wrong_file_ends_the_start_before_anything_is_started(kind, word, beside, tmp_path):
    state = tmp_path / "state"
    for more in ((), ("--check",)):
        told = check(state, *beside, broken(tmp_path, kind), *more)
        assert told.returncode == 1 and word in told.stderr, told.stderr
        assert str(tmp_path / "x.gguf") in told.stderr
        assert not state.exists(), "nothing is left"


@pytest.mark.parametrize("what", ["file", "directory", "state directory"])
def test_a_name_that_is_no_utf8_is_refused_at_the_start(what, file, tmp_path):
    """It was served, and the next moment a file of another name was missing."""
    odd, state = tmp_path / os.fsdecode(b"odd\xff"), tmp_path / "state"
    if what == "file":
        odd = file.rename(odd.with_suffix(".gguf"))
    elif what == "directory":
        shutil.copytree(SMOKE_MODEL, odd)
    told = check(odd, file) if what == "state directory" else check(state, odd)
    assert told.returncode == 1 and "is no UTF-8; give it another name" in told.stderr and len(told.stderr.splitlines()) == 1, told.stderr
    assert imports(state) == []
    if what != "state directory":
        said = info(odd, tmp_path)
        assert said["servable"] is False and "is no UTF-8" in said["reason"], said


def info(file, directory, **options):
    """`models info`, with `directory` for temporary files."""
    environment = {**os.environ, "HOME": str(file.parent), "XDG_STATE_HOME": str(file.parent), "TMPDIR": str(directory)}
    told = subprocess.run([program("sanctum"), "models", "info", str(file), "--json"], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, env=environment, **options)
    return json.loads(told.stdout)


def test_a_file_is_looked_into_wherever_there_is_room(file, tmp_path):
    """With a TMPDIR that is missing or full it was no model any more."""
    (tmp_path / "file").touch()
    for directory in (tmp_path / "missing", tmp_path / "file", "/dev/full"):
        assert info(file, directory)["servable"] is True, directory
    full = info(file, tmp_path, preexec_fn=small_files)
    assert full["servable"] is None and "there is no room to look into it" in full["reason"], full


def test_what_a_killed_look_left_is_removed_by_the_next(file, tmp_path):
    place = tmp_path / "tmp"
    killed, at_work, just_made = (place / f"sanctum-outline-{name}" for name in ("killed", "atwork", "fresh"))
    for directory in (killed, at_work, just_made):
        directory.mkdir(parents=True)
        (directory / "config.json").touch()
    for directory in (killed, at_work):
        os.utime(directory, (0, 0))
    held = os.open(at_work, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        assert info(file, place)["servable"] is True
        assert sorted(place.iterdir()) == [at_work, just_made]
    finally:
        os.close(held)
    assert info(file, place)["servable"] is True
    assert sorted(place.iterdir()) == [just_made], "who is just made is not locked yet"


def test_a_disk_without_room_is_told_before_anything_is_written(tmp_path):
    state = tmp_path / "state"
    told = check(state, tiny_gguf.write_huge(tmp_path / "huge.gguf"))
    assert told.returncode == 1 and "are needed" in told.stderr, told.stderr
    assert not state.exists()


def test_a_disk_that_fills_leaves_nothing(file, tmp_path):
    state = tmp_path / "state"
    told = check(state, file, preexec=small_files)
    assert told.returncode == 1 and "cannot write" in told.stderr, told.stderr
    assert imports(state) == []


@pytest.mark.parametrize("words", [("import", "FILE", "out"), ("quantize", "SOURCE", "--to", "out"), ("info", "FILE")], ids=lambda words: words[0])
def test_every_command_says_that_files_may_not_be_longer(words, file, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "config.json").write_text('{"model_type": "llama"}')
    save_file({"model.embed_tokens.weight": np.zeros((1024, 256), np.float32)}, source / "model.safetensors")
    words = [{"FILE": str(file), "SOURCE": str(source)}.get(word, word) for word in words]
    told = subprocess.run([program("sanctum"), "models", *words], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, cwd=tmp_path,
                          env={**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}, preexec_fn=small_files)
    # What a model is, is told with the reason why it is not served.
    assert told.returncode == (1 if words[0] == "info" else 2) and "cannot write" in told.stdout + told.stderr, (told.returncode, told.stderr)
    assert not (tmp_path / "out").exists()
