"""What is refused: damaged bytes, wrong lengths, names that lead out, what one may not see, a disk that is full. In words."""

import contextlib
import json
import os
import resource
import socket

import pytest

from hub_home import NAME, read
from local_hub import LocalHub, sha256

WEIGHTS = "model.safetensors"


def refused(home, *arguments, **options):
    """What is said; nothing is left that could be taken for a model."""
    result = home.run("pull", NAME, *arguments, **options)
    assert result.returncode == 2, result.stdout + result.stderr
    assert not home.half_visible()
    assert len(result.stderr.strip().splitlines()[-1]) > 20
    return result.stderr


def test_a_damaged_file_is_loaded_anew(home, hub, small):
    hub.mishaps[WEIGHTS].append(("corrupt", None))
    result = home.run("pull", NAME)
    assert result.returncode == 0 and "model.safetensors from" in result.stderr and "is damaged" in result.stderr
    assert read(result.stdout.strip())[WEIGHTS] == small[WEIGHTS]
    assert [headers.get("Range") for headers in hub.asked("store", WEIGHTS)] == [None, None]


@pytest.mark.parametrize("path", [WEIGHTS, "config.json"], ids=["sha256", "git"])
def test_a_file_that_stays_damaged_is_refused(home, hub, small, path):
    hub.mishaps[path] += [("corrupt", None)] * 2
    assert "is damaged" in refused(home)
    names = {entry.name for entry in (home.repository() / "blobs").iterdir()}
    assert sha256(small[WEIGHTS]) not in names or path != WEIGHTS


def test_more_bytes_than_told_are_refused(home, hub, small):
    hub.mishaps[WEIGHTS].append(("longer", 5000))
    result = home.run("pull", NAME)
    assert result.returncode == 0 and "more came than the" in result.stderr
    assert read(result.stdout.strip())[WEIGHTS] == small[WEIGHTS]


def test_a_hub_that_contradicts_itself_is_refused(home, hub, small):
    commit = hub.models[NAME]["main"]
    hub.files_told[commit] = {**small, "config.json": small["config.json"][::-1]}
    assert "contradicts itself: its list calls config.json" in refused(home)
    hub.files_told[commit] = {**small, "generation_config.json": b"{ }"}
    assert "lists generation_config.json" in refused(home)


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "a/../../../evil", "a\\..\\evil", "a\0b", "a//b", "..", "\u0007"])
def test_names_that_lead_out_are_refused(home, hub, small, name):
    hub.named[NAME] = [{"rfilename": name, "size": 2, "blobId": "0" * 40}]
    said = refused(home)
    assert "could lie outside of the model's directory" in said and "\a" not in said and "\0" not in said
    assert not [what for _, _, what, _ in hub.requests if what != "list"]
    assert not home.repository().exists()


@pytest.mark.parametrize("answer", ['{"sha": "../../..", "siblings": []}', "<html>", "[]", '{"sha": 1}'])
def test_what_is_no_hub_is_told(home, hub, small, answer):
    hub.mishaps["list"].append(("raw", 200, answer))
    assert "makes no sense" in refused(home)


def test_a_gated_model_says_what_to_do(home, hub, small):
    hub.gated.add(NAME)
    said = refused(home)
    assert f"accept its terms at {hub.url}/{NAME}" in said and "HF_TOKEN" in said
    hub.tokens["hf_mine"] = set()
    said = refused(home, environment={"HF_TOKEN": "hf_mine"})
    assert "has not been let in" in said and "hf_mine" not in said
    assert "does not take the token" in refused(home, environment={"HF_TOKEN": "hf_wrong"})


def test_what_is_not_there_is_told(home, hub, small):
    assert f"'{NAME}' has no revision 'v9'" in refused(home, "--revision", "v9")
    other = home.run("pull", "org/absent")
    assert other.returncode == 2 and "is the name right?" in other.stderr
    for name in ("absent", "../x", "a/b/c", "a/.."):
        assert "is no org/name" in home.run("pull", name).stderr, name


def test_a_hub_that_is_not_there_is_told_at_once(home, hub):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        said = refused(home, "--hub", f"http://127.0.0.1:{nobody.getsockname()[1]}")
    assert "cannot reach" in said and "Is this machine online?" in said and "trying again" not in said


def test_redirects_have_an_end(home, hub, small):
    hub.mishaps[WEIGHTS] += [("to", f"{hub.store_url}/{sha256(small[WEIGHTS])}?again={i}") for i in range(9)]
    assert "more than 5 times" in refused(home)


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://localhost/x"])
def test_a_redirect_to_what_is_no_web_is_refused(home, hub, small, to):
    hub.mishaps[WEIGHTS].append(("to", to))
    assert "no http or https" in refused(home)


def test_a_disk_that_is_too_small_is_told_before(home, hub, small):
    hub.named[NAME] = [{"rfilename": "model-2.safetensors", "size": 4 << 40, "blobId": "0" * 40}]
    said = refused(home)
    assert "needs 4.4" in said and "more, and 67.1 MB that stay free beside it, and the disk" in said and "free: make room" in said
    assert not hub.asked("store", WEIGHTS)


def test_a_disk_that_is_full_on_the_way_is_told(home, hub, small):
    def no_large_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    said = refused(home, preexec_fn=no_large_files)
    assert "cannot write" in said and "ulimit -f" in said
    assert os.path.getsize(home.blob(sha256(small[WEIGHTS]) + ".incomplete")) == 100_000
    assert read(home.pull())[WEIGHTS] == small[WEIGHTS]
    assert hub.asked("store", WEIGHTS)[-1]["Range"] == "bytes=100000-"


def test_a_cache_that_may_not_be_written_is_told(home, hub, small):
    home.cache.parent.mkdir(parents=True)
    home.cache.write_text("a file")
    assert "HF_HUB_CACHE names another place" in refused(home)
    assert json.loads(home.run("list", "--json").stdout)["models"] == []


def test_a_hub_that_is_elsewhere_is_no_store(home, hub, small):
    """Of http://huggingface.co a name that was mistyped was told as an address that had expired."""
    hub.mishaps["list"].append(("status", 302, {"Location": f"{hub.store_url}/api/models/{NAME}"}))
    said = refused(home)
    assert f"there is no '{NAME}'" in said and "the store" not in said and "trying again" not in said, said


def test_who_was_not_told_the_token_did_not_refuse_it(home, hub, small):
    with contextlib.closing(LocalHub()) as other:  # it shows nothing to whom it does not know
        hub.mishaps["list"].append(("status", 302, {"Location": f"{other.url}/api/models/{NAME}"}))
        said = refused(home, environment={"HF_TOKEN": "hf_mine"})
        assert f"{other.url}, to which {hub.url} sends us, answers 401" in said and "asked without the token" in said, said
        assert "does not take the token" not in said


def test_what_the_store_refuses_is_not_the_hubs_to_say_and_the_hub_is_asked_again(home, hub, small):
    """An address that had expired was told as a gated model, a proxy's 401 as a bad token."""
    store = f"{hub.store_url.removeprefix('http://')}, the store to which {hub.url} sends us"
    for status in (403, 401):
        hub.requests.clear()
        hub.mishaps[WEIGHTS].append(("status", status, {}))
        result = home.run("pull", NAME)
        assert result.returncode == 0 and f"{store}, answers {status} for {WEIGHTS}" in result.stderr, result.stderr
        assert len(hub.asked("hub", WEIGHTS)) == 2, "for another address"
        assert home.run("remove", NAME, "--yes").returncode == 0
    hub.mishaps[WEIGHTS] += [("status", 403, {})] * 3
    said = refused(home)
    assert "it was so 3 times" in said and "gated" not in said and "token" not in said, said


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_is_no_file_of_the_caches_is_not_written_to(home, hub, small, kind):
    """A link led the bytes out of the cache; a pipe stood still for ever."""
    partial, mine = home.blob(sha256(small[WEIGHTS]) + ".incomplete"), home.directory / "mine"
    partial.parent.mkdir(parents=True)
    mine.write_text("mine")
    os.symlink(mine, partial) if kind == "link" else os.mkfifo(partial)
    said = refused(home)
    assert f"{partial} is " in said and "remove it first" in said, said
    assert mine.read_text() == "mine" and not hub.asked("store", WEIGHTS)


def test_a_pull_that_gets_nothing_leaves_nothing(home, hub, small):
    hub.gated.add(NAME)
    refused(home)
    home.run("pull", "org/absent")
    assert list((home.cache / ".locks").iterdir()) == []


def test_what_was_loaded_is_counted_as_it_came(home, hub, small):
    """A beginning that was damaged is loaded anew, which was not told."""
    partial = home.blob(sha256(small[WEIGHTS]) + ".incomplete")
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"x" * 200_000)
    result = home.run("pull", NAME)
    assert result.returncode == 0 and "3 files, 300 kB, 300 kB of it loaded now" in result.stderr, result.stderr
    hub.mishaps["list"].append(("status", 503, {"Retry-After": "1"}))
    again = home.run("pull", NAME, "--include", "config.json")
    assert f"answers 503 for the list of '{NAME}'; trying again in 1 s\n1 file, " in again.stderr, again.stderr
