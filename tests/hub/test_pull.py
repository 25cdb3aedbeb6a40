"""`sanctum models pull` from a hub that does what it should, and huggingface_hub beside it in one cache."""

import os
import re
import subprocess

import pytest

from hub_home import NAME, RUN_SECONDS_MAX, Home, read, small_model
from local_hub import Held, LocalHub, git_sha1, sha256
from programs import program
from terminal import Terminal

NEEDED = {"config.json", "tokenizer.json", "model.safetensors"}


def needed(files):
    return {path: files[path] for path in NEEDED}


def test_what_we_pull_huggingface_finds(home, hub, small):
    snapshot = home.pull()
    assert read(snapshot) == needed(small)
    assert os.readlink(f"{snapshot}/model.safetensors") == f"../../blobs/{sha256(small['model.safetensors'])}"
    assert os.readlink(f"{snapshot}/config.json") == f"../../blobs/{git_sha1(small['config.json'])}"
    hub.close()
    assert home.huggingface(local_files_only=True) == snapshot


def test_what_huggingface_pulled_we_find_and_do_not_load_again(home, hub, small):
    snapshot = home.huggingface()
    assert read(snapshot) == small
    hub.requests.clear()
    assert home.pull() == snapshot
    assert {what for _, _, what, _ in hub.requests} == {"list"}
    assert read(snapshot) == small, "what we do not need stays"


def test_huggingface_takes_our_blobs(home, hub, small):
    home.pull()
    hub.requests.clear()
    home.huggingface()
    assert not hub.asked("store", "model.safetensors")


def test_a_revision_has_a_reference_of_its_own(home, hub):
    hub.add(NAME, small_model())
    old = hub.add(NAME, small_model(**{"config.json": b"{}"}), revision="feature/old")
    snapshot = home.pull("--revision", "feature/old")
    assert snapshot.endswith(old) and (home.repository() / "refs" / "feature" / "old").read_text() == old
    assert not (home.repository() / "refs" / "main").exists()
    assert home.huggingface(local_files_only=True, revision="feature/old") == snapshot
    assert home.pull("--revision", old) == snapshot


def test_a_new_version_keeps_what_did_not_change(home, hub, small):
    home.pull()
    changed = small_model(**{"config.json": b'{"model_type": "qwen3"}'})
    hub.add(NAME, changed)
    hub.requests.clear()
    assert read(home.pull()) == needed(changed)
    assert not hub.asked("store", "model.safetensors")


def test_files_may_be_chosen_and_lie_deep(home, hub):
    hub.add(NAME, {"onnx/model.onnx": b"o", "a/b/c d.json": b"deep", "x.json": b"x"})
    refused = home.run("pull", NAME)
    assert refused.returncode == 2 and "no weights in .safetensors, only in .onnx" in refused.stderr, refused.stderr
    assert read(home.pull("--include", "a/", "--include", "*.onnx")) == {"a/b/c d.json": b"deep", "onnx/model.onnx": b"o"}


def test_a_hub_whose_list_tells_no_hashes_is_asked_for_them(home, hub, small):
    hub.tells_blobs = False
    snapshot = home.pull()
    assert read(snapshot) == needed(small)
    assert os.readlink(f"{snapshot}/model.safetensors") == f"../../blobs/{sha256(small['model.safetensors'])}"
    heads = {what for where, method, what, _ in hub.requests if (where, method) == ("hub", "HEAD")}
    assert heads == NEEDED and not any(where == "store" and method == "HEAD" for where, method, *_ in hub.requests)


def test_a_proxy_is_asked_in_the_hubs_place(home, hub, small):
    snapshot = home.pull("--hub", "http://hub.invalid", "--include", "config.json", environment={"http_proxy": hub.url})
    assert read(snapshot) == {"config.json": small["config.json"]}


def test_the_token_goes_to_the_hub_alone(home, hub, small):
    hub.tokens["hf_secret"] = {NAME}
    hub.gated.add(NAME)
    home.pull(environment={"HF_TOKEN": "hf_secret"})
    hub_heads = [headers for where, _, _, headers in hub.requests if where == "hub"]
    store_heads = [headers for where, _, _, headers in hub.requests if where == "store"]
    assert store_heads and all("Authorization" not in headers for headers in store_heads)
    assert all(headers["Authorization"] == "Bearer hf_secret" for headers in hub_heads)


def test_the_token_of_a_login_is_taken_and_never_sent_back_after_a_detour(home, hub, small):
    hub.tokens["hf_file"] = {NAME}
    (home.cache.parent).mkdir(parents=True)
    (home.cache.parent / "token").write_text("hf_file\n")
    back = f"{hub.url}/{NAME}/resolve/main/tokenizer.json"
    hub.mishaps["model.safetensors"].append(("to", back))  # from the store to the hub
    assert read(home.pull()) == needed(small), "what came instead was thrown away"
    assert ["Authorization" in headers for headers in hub.asked("hub", "tokenizer.json")].count(False) >= 1
    assert all("Authorization" in headers for headers in hub.asked("hub", "config.json"))


def test_a_terminal_has_one_line_that_is_written_over(home, hub, small):
    mishap = Held(150_000)
    hub.mishaps["model.safetensors"].append(("held", mishap))
    terminal = Terminal(program("sanctum"), "models", "pull", NAME, typed=False, env=home.environment)
    try:
        terminal.read_until(r"150 kB of 300 kB \(49%\).*, 2 of 3 files")
        mishap.go.set()
        code, shown = terminal.end()
    finally:
        mishap.go.set()
        terminal.close()
    assert code == 0 and "300 kB of it loaded now" in shown, shown
    raw = terminal.shown.decode()
    assert "\r\x1b[K150 kB of" in raw and "files\r\x1b[K" in raw, "the last one is wiped"


def test_a_pipe_has_a_line_now_and_then(home, hub, small):
    mishap = Held(150_000)
    hub.mishaps["model.safetensors"].append(("held", mishap))
    process = home.start("pull", NAME)
    try:
        first = process.stderr.readline()
    finally:
        mishap.go.set()
        out, err = process.communicate(timeout=RUN_SECONDS_MAX)
    assert re.fullmatch(r"150 kB of 300 kB \(49%\).*, 2 of 3 files\n", first), first
    assert "\r" not in err and len(err.splitlines()) <= 3 and len(out.splitlines()) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(certificate, key) of "localhost", which only it itself vouches for."""
    directory = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-days", "2", "-keyout", directory / "key.pem", "-out", directory / "cert.pem"], check=True, capture_output=True, timeout=60)
    return str(directory / "cert.pem"), str(directory / "key.pem")


@pytest.fixture
def tls_hub(certificate, request):
    running = LocalHub(tls=certificate, store_tls=certificate if request.param == "all" else None)
    running.add(NAME, small_model())
    yield running
    running.close()


@pytest.mark.parametrize("tls_hub", ["all"], indirect=True)
def test_tls_is_verified(tmp_path, tls_hub, certificate):
    home = Home(tmp_path, tls_hub)
    trusted = {"SSL_CERT_FILE": certificate[0]}
    stranger = home.run("pull", NAME)
    assert stranger.returncode == 2 and "certificate" in stranger.stderr and "SSL_CERT_FILE" in stranger.stderr, stranger.stderr
    other_name = home.run("pull", NAME, "--hub", tls_hub.url.replace("localhost", "127.0.0.1"), environment=trusted)
    assert other_name.returncode == 2 and "127.0.0.1" in other_name.stderr, other_name.stderr
    assert not tls_hub.requests
    assert read(home.pull(environment=trusted))["config.json"] == b'{"model_type": "llama"}'


@pytest.mark.parametrize("tls_hub", ["hub"], indirect=True)
def test_https_is_never_left_for_http(tmp_path, tls_hub, certificate):
    home = Home(tmp_path, tls_hub)
    result = home.run("pull", NAME, environment={"SSL_CERT_FILE": certificate[0]})
    assert result.returncode == 2 and "from https to http" in result.stderr, result.stderr
    assert not home.half_visible() and not any(where == "store" for where, *_ in tls_hub.requests)
