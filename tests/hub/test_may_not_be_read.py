"""What may not be looked at is told as that: not as absent, as cut short, or as a link that leads out."""

import ctypes
import os
import pathlib

import pytest

import tiny_gguf
from hub_home import NAME
from local_hub import git_sha1
from test_foreign_models import add_to_ollama

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def as_others_are():
    """Root without what opens everything to it."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.fixture
def shut():
    """Closes a directory until the test is over."""
    closed = []

    def shut(path):
        closed.append(path)
        path.chmod(0)
        return path
    yield shut
    for path in reversed(closed):
        path.chmod(0o755)


def told(home, *words):
    result = home.run(*words, preexec_fn=as_others_are, cwd=home.directory)
    return result.stdout + result.stderr


def test_ollamas_folder_that_is_shut_is_no_link_that_leads_out(home, shut):
    models = home.directory / ".ollama" / "models"
    add_to_ollama(models, "tiny", "1m", ("model", tiny_gguf.write(home.directory / "t.gguf").read_bytes()))
    shut(models.parent)
    for words in (("info", "ollama:tiny:1m"), ("import", "ollama:tiny:1m", "x")):
        said = told(home, *words)
        assert f"cannot open {models}/manifests" in said and "Permission denied" in said and "link" not in said, said


def test_a_blob_of_ollamas_that_is_shut_is_not_missing(home, shut):
    models = home.directory / ".ollama" / "models"
    add_to_ollama(models, "tiny", "1m", ("model", tiny_gguf.write(home.directory / "t.gguf").read_bytes()))
    shut(models / "blobs")
    said = told(home, "list")
    assert f"cannot open {models}/blobs" in said and "missing" not in said, said


def test_a_folder_of_lm_studios_that_is_shut_is_listed(home, shut):
    folder = home.directory / ".lmstudio" / "models" / "pub" / "tiny"
    folder.mkdir(parents=True)
    tiny_gguf.write(folder / "tiny.gguf")
    shut(folder)
    for words in (("list",), ("info", "lmstudio:pub/tiny")):
        assert f"cannot open {folder}: Permission denied" in told(home, *words), words


def test_a_model_directory_that_is_shut_does_not_lack_its_config(home, shut):
    directory = home.directory / "mine"
    directory.mkdir()
    (directory / "config.json").write_text("{}")
    shut(directory)
    for words in (("info", "./mine"), ("quantize", "mine", "out"), ("info", "./mine/x.gguf"), ("import", "mine/x.gguf", "out")):
        said = told(home, *words)
        assert "cannot open" in said and "Permission denied" in said and "no config.json" not in said, said


def test_a_download_whose_parts_are_shut_is_not_cut_short(home, small, shut):
    home.pull()
    snapshots = shut(home.repository() / "snapshots")
    for words in (("list",), ("info", NAME), ("check", NAME)):
        said = told(home, *words)
        assert f"cannot open {snapshots}" in said and "did not end" not in said and "in part" not in said, said


def test_a_snapshot_that_is_shut_does_not_lack_its_config(home, small, shut):
    snapshot = shut(pathlib.Path(home.pull()))
    said = told(home, "list")
    assert f"cannot open {snapshot}" in said and "no config.json" not in said, said


def test_what_is_unfinished_and_cannot_be_removed_stops_no_other(home, shut):
    state = home.directory / "state"
    imported = state / "imported"
    stuck, other = imported / ".a.importing", imported / ".b.importing"
    for path in (stuck / "inner", other):
        path.mkdir(parents=True)
        (path / "model.safetensors").write_bytes(b"half")
    shut(stuck / "inner")
    said = told(home, "remove", "--unused", "--yes", "--state-dir", state)
    assert f"kept {stuck}: cannot remove" in said and f"removed {other}, " in said and not other.exists(), said


def test_a_cache_that_is_shut_is_not_empty(home, small, shut):
    home.pull()
    shut(home.cache.parent)
    for words in (("list",), ("info", NAME), ("check", NAME), ("remove", NAME, "--yes")):
        said = told(home, *words)
        assert f"cannot open {home.cache}" in said and "not downloaded" not in said and "nothing is downloaded" not in said, said


def test_a_link_to_nothing_is_told_for_what_it_is(home, small):
    home.pull()
    home.blob(git_sha1(small["tokenizer.json"])).unlink()
    listed = home.run("list").stdout
    assert f"tokenizer.json links to what is not there; `sanctum models pull {NAME}` loads it" in listed and "in part" not in listed, listed
    home.blob(git_sha1(small["config.json"])).unlink()
    assert "config.json" in home.run("info", NAME).stderr and "links to what is not there" in home.run("info", NAME).stderr


@pytest.mark.parametrize("content", ["a\x1b[31m", "../../..", None], ids=["control", "way out", "pipe"])
def test_a_reference_that_names_no_commit_is_not_missing(home, small, content):
    home.pull()
    main = home.repository() / "refs" / "main"
    main.unlink()
    os.mkfifo(main) if content is None else main.write_text(content)
    for words in (("info", NAME), ("check", NAME)):
        said = home.run(*words).stderr
        assert f"{main} names no commit" in said and "missing" not in said and "\x1b" not in said, said
