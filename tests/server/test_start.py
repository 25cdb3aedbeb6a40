"""What `serve` says when it starts, and when it cannot."""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from programs import BUILT_IN, SMOKE_MODEL, bound_by_rights, program, wait_until
from terminal import Terminal
from test_load_race import free_port

EXIT_ADDRESS = 69
START_SECONDS_MAX = 90
MEANWHILE_SECONDS = 60


def at_home(tmp_path):
    """What servers leave beside their state directories is not for the home of whoever runs this."""
    return {**os.environ, "XDG_STATE_HOME": str(tmp_path / "home")}


def serve(tmp_path, *words, **options):
    return subprocess.run([program("sanctum"), "serve", *map(str, words), "--state-dir", str(tmp_path / "state"), "--mtls-listen", "off"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_SECONDS_MAX, env=at_home(tmp_path), **options)


def broken_copy(path, **members):
    """The built-in model, with other members in its config.json."""
    shutil.copytree(SMOKE_MODEL, path)
    file = path / "config.json"
    file.chmod(0o644)
    file.write_text(json.dumps({**json.loads(file.read_text()), **members}))
    return path


def models(server):
    return [model.id for model in server.client().models.list().data]


# --- what is served, and how it is called ---------------------------------------------------------

def test_the_first_named_is_the_default_and_names_may_be_given(start_server):
    server = start_server(f"zebra={SMOKE_MODEL}", f"org/ant:4b={SMOKE_MODEL}", "smoke")
    assert models(server) == ["zebra", "org/ant:4b", BUILT_IN]
    answer = subprocess.run([program("sanctum"), "chat", "--url", server.url, "--state-dir", str(server.state_dir), "-v", "Repeat lantern"],
                            capture_output=True, text=True, timeout=MEANWHILE_SECONDS, check=True)
    assert "lantern" in answer.stdout
    assert server.status()["models"][0]["model"] == "zebra"


def test_two_models_of_one_name_are_told_how_to_be_both(tmp_path):
    other = broken_copy(tmp_path / "smoke")
    refused = serve(tmp_path, SMOKE_MODEL, other, "--listen", "127.0.0.1:0")
    assert refused.returncode == 1
    assert f"OTHER={other}" in refused.stderr, refused.stderr


def test_what_a_model_can_do_is_told_and_what_it_cannot_is_refused_in_words(start_server, tmp_path):
    """Tools went into a template that has no word of them, and the model never heard of them."""
    model = broken_copy(tmp_path / "plain")
    template = model / "chat_template.jinja"
    template.chmod(0o644)
    template.write_text(re.sub(r"\b(if|in) tools\b", r"\1 nothing", template.read_text()))
    server = start_server(str(model))
    entry = json.loads(server.request("GET", "/v1/models")[2])["data"][0]
    assert (entry["tools"], entry["vision"]) == (False, True)
    assert entry["sampling"] == {"temperature": 0}, "its generation_config.json's"
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    status, _, body = server.request("POST", "/v1/chat/completions", json.dumps(
        {"model": "plain", "messages": [{"role": "user", "content": "hi"}], "tools": [tool]}))
    error = json.loads(body)["error"]
    assert (status, error["param"]) == (400, "tools") and "knows of none" in error["message"], body
    smoke = subprocess.run([program("sanctum"), "smoke", "--url", server.url, "--state-dir", str(server.state_dir)],
                           capture_output=True, text=True, timeout=MEANWHILE_SECONDS)
    assert re.search(r"^SKIP tool .*knows of no tools$", smoke.stdout, re.M), smoke.stdout
    assert smoke.stdout.splitlines()[-1].endswith("/9, 1 skipped")


# --- what cannot start says so once, and ends -----------------------------------------------------

def is_refused(tmp_path, said, *words):
    """Once, in one line, with nothing copied or started."""
    refused = serve(tmp_path, *words, "--listen", "127.0.0.1:0")
    assert refused.returncode == 1, refused.stderr
    lines = refused.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("sanctum serve: "), "no log around it:\n" + refused.stderr
    assert all(text in lines[0] for text in said), lines[0]
    assert refused.stdout == "" and not (tmp_path / "state").exists(), "nothing was made"
    checked = serve(tmp_path, *words, "--check")
    assert checked.returncode == 1 and checked.stderr == refused.stderr, checked.stderr


def test_a_model_that_cannot_be_loaded_ends_the_start(tmp_path):
    """`serve` stood there without `ready` for ever."""
    model = broken_copy(tmp_path / "odd", model_type="strange_new_thing")
    is_refused(tmp_path, [f"'odd' in {model} cannot be served: ", "strange_new_thing", "supported: "], model)


def locked_copy(path, file):
    model = broken_copy(path)
    (model / file).chmod(0)
    return model


FILES_OF_A_MODEL = ["config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"]


@pytest.mark.parametrize("file", FILES_OF_A_MODEL)
def test_a_file_that_may_not_be_read_ends_the_start(file, tmp_path):
    """It was taken for a disk that is slow: `serve` stood there, served nothing and tried again for ever."""
    model = locked_copy(tmp_path / "locked", file)
    for words in (["--listen", "127.0.0.1:0"], ["--check"]):
        refused = subprocess.run([*bound_by_rights(), program("sanctum"), "serve", model, *words, "--state-dir", tmp_path / "state", "--mtls-listen", "off"],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_SECONDS_MAX, env=at_home(tmp_path))
        last = refused.stderr.splitlines()[-1]
        assert refused.returncode == 1 and "cannot open" in last and f"{model / file}: Permission denied" in last, refused.stderr


@pytest.mark.parametrize("file", FILES_OF_A_MODEL)
def test_of_a_file_that_may_not_be_read_it_is_said_that_it_is_not_served(file, tmp_path):
    model = locked_copy(tmp_path / "locked", file)
    told = subprocess.run([*bound_by_rights(), program("sanctum"), "models", "info", model, "--json"], capture_output=True, text=True,
                          timeout=MEANWHILE_SECONDS, env=at_home(tmp_path))
    said = json.loads(told.stdout)
    assert (told.returncode, said["servable"]) == (1, False) and f"{model / file}: Permission denied" in said["reason"], told.stdout


def test_too_little_memory_for_keys_ends_the_start(tmp_path):
    is_refused(tmp_path, ["--kv-bytes gives it more"], "--kv-bytes", "1KiB")


def test_weights_that_do_not_fit_their_configuration_end_the_start(tmp_path):
    model = broken_copy(tmp_path / "odd")
    file = model / "config.json"
    members = json.loads(file.read_text())
    members["text_config"]["intermediate_size"] += 64
    file.write_text(json.dumps(members))
    is_refused(tmp_path, ["mlp", str(model)], model)


def test_a_missing_engine_ends_the_start(tmp_path):
    is_refused(tmp_path, ["no program that can be run at /nowhere/engine", "--engine"], "--engine", "/nowhere/engine")


def test_a_missing_engine_does_not_end_a_start_that_has_a_fallback(tmp_path):
    """On a disk that is not there yet after a boot, say."""
    checked = serve(tmp_path, "--engine", "/nowhere/engine", "--fallback", "http://127.0.0.1:9", "--check")
    assert checked.returncode == 0, checked.stderr
    assert "# whether a model could be loaded was not told: the fallback answers where no model can" in checked.stdout


def test_an_engine_that_cannot_tell_does_not_end_the_start(tmp_path):
    engine = tmp_path / "engine"
    engine.write_text("#!/bin/sh\necho no such flag\nexit 2\n")
    engine.chmod(0o700)
    checked = serve(tmp_path, "--engine", engine, "--check")
    assert checked.returncode == 0 and "was not told: the engine's program exited with code 2: no such flag" in checked.stdout, checked.stdout + checked.stderr


def test_texts_that_take_too_long_hide_no_weights_that_cannot_be_loaded(tmp_path):
    """Nothing at all was told of a model whose tokenizer a slow disk was reading."""
    model = broken_copy(tmp_path / "odd", model_type="strange_new_thing")
    engine = tmp_path / "engine"
    engine.write_text(f'#!/bin/sh\ncase " $* " in *" --check-texts "*) exec sleep 600 ;; esac\nexec {program("sanctum-engine")} "$@"\n')
    engine.chmod(0o700)
    checked = serve(tmp_path, "--engine", engine, model, "--check")
    assert checked.returncode == 1 and "strange_new_thing" in checked.stderr, checked.stdout + checked.stderr


def test_options_that_contradict_each_other_end_the_start(tmp_path):
    is_refused(tmp_path, ["kv_type int8 needs our kernels"], "--kv-type", "int8", "--kernels", "mlx")


def test_one_model_of_two_that_cannot_be_loaded_does_not_end_the_start(start_server, tmp_path):
    odd = broken_copy(tmp_path / "odd", model_type="strange_new_thing")
    checked = serve(tmp_path, odd, f"good={SMOKE_MODEL}", "--check")
    assert checked.returncode == 1 and checked.stderr.startswith(f"sanctum serve: 'odd' in {odd} cannot be served: "), "what is configured is not whole"
    server = start_server(str(odd), f"good={SMOKE_MODEL}")
    assert models(server) == ["good"]
    assert [m["state"] for m in server.status()["models"]] == ["failed", "ready"]
    probe = subprocess.run([program("sanctum"), "probe", "works", "--url", server.url, "--state-dir", str(server.state_dir)],
                           capture_output=True, text=True, timeout=MEANWHILE_SECONDS)
    assert probe.returncode == 1 and re.search(r"^FAIL 'odd' is loaded .*strange_new_thing", probe.stdout, re.M), "no all-clear: " + probe.stdout
    assert server.request("GET", "/ready")[0] == 200, "the other answers"

    def told(*words):
        done = subprocess.run([program("sanctum"), *words, "--url", server.url, "--state-dir", str(server.state_dir)],
                              capture_output=True, text=True, timeout=MEANWHILE_SECONDS)
        return done.returncode, done.stdout + done.stderr

    code, text = told("status")
    assert code == 1 and "something is wrong: could not be loaded: odd\n" in text, text
    code, text = told("models")
    assert code == 0 and re.search(r"^odd  failed: .*strange_new_thing", text, re.M), text
    code, text = told("models", "info", "odd")
    assert code == 1 and "state         failed\nreason        " in text and "strange_new_thing" in text, text
    code, text = told("probe", "boots")
    assert re.search(r"^OK   the models .*a restart would come up; 'odd' in .* cannot be served", text, re.M), text


@pytest.mark.parametrize(("name", "said"), [
    ("x.gguf", "x.gguf is damaged"),
    ("weights.safetensors", "weights alone"),
    ("empty", "no config.json"),
    ("smok", "did you mean"),
])
def test_what_is_no_model_is_known_for_what_it_is(name, said, tmp_path):
    (tmp_path / "x.gguf").write_bytes(b"GGUF")
    (tmp_path / "weights.safetensors").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "smoke").symlink_to(SMOKE_MODEL)
    refused = serve(tmp_path, tmp_path / name, "--listen", "127.0.0.1:0")
    assert refused.returncode == 1 and said in refused.stderr, refused.stderr
    assert len(refused.stderr.splitlines()) == 1, "no log around it"
    assert not (tmp_path / "state").exists(), "nothing was made"


def test_status_can_wait_for_a_server_that_starts(tmp_path):
    """Behind `serve &` it ended at once: where the server listens was not known yet."""
    environment = at_home(tmp_path)
    waiting = subprocess.Popen([program("sanctum"), "status", "--wait", str(START_SECONDS_MAX), "--state-dir", str(tmp_path / "state")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    serving = subprocess.Popen([program("sanctum"), "serve", "--state-dir", str(tmp_path / "state"), "--listen", "127.0.0.1:0", "--mtls-listen", "off"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        out, err = waiting.communicate(timeout=START_SECONDS_MAX)
        assert waiting.returncode == 0 and "state      ready" in out, out + err
    finally:
        serving.terminate()
        assert serving.wait(START_SECONDS_MAX) == 0


def test_a_busy_port_names_its_owner_and_the_flag(start_server, tmp_path):
    server = start_server()
    address = server.url.removeprefix("http://")
    refused = serve(tmp_path, "--listen", address)
    assert refused.returncode == EXIT_ADDRESS, refused.stderr
    said = refused.stderr.splitlines()[-1]
    assert len(refused.stderr.splitlines()) == 1, "no log around it:\n" + refused.stderr
    assert f"process {server.gateway_pid()} (sanctum)" in said and "--listen" in said, said


def test_an_address_that_this_machine_has_not_is_called_that(tmp_path):
    refused = serve(tmp_path, "--listen", "192.0.2.1:8080")
    assert refused.returncode == EXIT_ADDRESS and len(refused.stderr.splitlines()) == 1, refused.stderr
    assert "this machine has no such address: --listen 0.0.0.0:PORT" in refused.stderr


@pytest.mark.parametrize("spelled", ["{}", ":{}", "localhost:{}"])
def test_a_port_alone_is_this_machines_own(spelled, start_server):
    port = free_port()
    assert start_server(listen=spelled.format(port)).url == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(("words", "said"), [
    (["stauts"], "no command 'stauts'; did you mean 'status'?"),
    (["serve", "--lisen", "1"], "'--lisen' is not expected here; did you mean '--listen'?"),
    (["certs", "shwo"], "did you mean 'show'?"),
    (["pull", "org/name"], "no command 'pull'; `sanctum models pull ORG/NAME`"),
    (["serve", "-m", "smoke"], "'-m' is not expected here; the model is a word"),
    (["-hf", "org/tiny"], "sanctum: '-hf' is not expected here\n`sanctum --help` lists"),
    (["serve", "-hf", "org/tiny"], "'-hf' is not expected here; `sanctum models pull ORG/NAME` downloads"),
    (["import", "x.gguf"], "no command 'import'; `sanctum models import FILE.gguf`"),
    (["convert"], "`sanctum models convert MODEL`"),
    (["generate", "hi"], "`sanctum chat \"QUESTION\"`"),
    (["serve", "--port", "1"], "'--port' is not expected here; `--listen HOST:PORT`"),
])
def test_a_slip_is_guessed(words, said):
    refused = subprocess.run([program("sanctum"), *words], capture_output=True, text=True, timeout=MEANWHILE_SECONDS)
    assert refused.returncode == 2 and said in refused.stderr + refused.stdout, refused.stderr + refused.stdout


# --- a configuration file -------------------------------------------------------------------------

def config(tmp_path, text, *words):
    file = tmp_path / "sanctum.toml"
    file.write_text(text)
    return serve(tmp_path, "--config", file, "--check", *words, cwd="/")


def test_keys_may_have_either_line_and_a_slip_is_guessed(tmp_path):
    assert 'kv_bytes = "1MiB"  # file' in config(tmp_path, 'kv-bytes = "1MiB"\n').stdout
    twice = config(tmp_path, 'kv-bytes = "1MiB"\nkv_bytes = "2MiB"\n')
    assert twice.returncode == 78 and "is set twice" in twice.stderr
    bare = config(tmp_path, "kv_bytes = 2GiB\n")
    assert bare.returncode == 78 and 'in quotes: "2GiB"' in bare.stderr, bare.stderr
    wrong = config(tmp_path, 'kv_byte = "1MiB"\n')
    assert wrong.returncode == 78 and "unknown key 'kv_byte'; did you mean 'kv_bytes'?" in wrong.stderr


def test_paths_in_a_file_are_relative_to_it(tmp_path):
    (tmp_path / "model").symlink_to(SMOKE_MODEL)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "engine").symlink_to(program("sanctum-engine"))
    told = config(tmp_path, 'models = ["mine=model"]\nengine = "bin/engine"\nactivations = 16\n')
    assert f'engine = "{tmp_path}/bin/engine"' in told.stdout, told.stdout + told.stderr
    assert 'activations = "16"' in told.stdout
    assert 'listen = "127.0.0.1:4242"' in config(tmp_path, "listen = 4242\n").stdout
    assert '# the model "mine" is in ' in told.stdout


def test_a_file_can_be_begun(tmp_path):
    def init(*words):
        return subprocess.run([program("sanctum"), "config", "init", *words], cwd=tmp_path, capture_output=True, text=True, timeout=MEANWHILE_SECONDS)

    assert init().returncode == 0
    file = tmp_path / "sanctum.toml"
    text = file.read_text()
    assert '#kv_type = "stored"' in text.splitlines()
    assert all(line.startswith("#") or not line for line in text.splitlines()), "all of it is a default"
    assert serve(tmp_path, "--config", file, "--check").returncode == 0
    # Every line of it is a setting that there is.
    file.write_text(re.sub(r"^#(\w+ = )", r"\1", text, flags=re.M))
    checked = serve(tmp_path, "--config", file, "--check")
    assert checked.returncode == 0, checked.stderr
    again = init()
    assert again.returncode == 2 and "is there already" in again.stderr
    assert init("-").stdout == text


# --- a terminal -----------------------------------------------------------------------------------

@pytest.fixture
def terminal(tmp_path):
    made = []

    def make(*words, **options):
        made.append(Terminal(program("sanctum"), "serve", *words, "--state-dir", tmp_path / "state", "--listen", "127.0.0.1:0",
                             env=at_home(tmp_path), **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_terminal_is_greeted_and_told_what_the_end_waits_for(terminal):
    shown = terminal("--mtls-listen", "off")
    text = shown.read_until(r"^ready (\S+)$")
    url = re.search(r"^ready (\S+)$", text, re.M)[1]
    assert f"serves the built-in model, {BUILT_IN}\n" in text
    assert f"  API    {url}/v1\n" in text and "Ctrl-C" in text and "sanctum chat --url" in text
    assert text.rstrip().splitlines()[-1].startswith("ready "), "the last thing said"
    asked = subprocess.Popen(["curl", "-sN", f"{url}/v1/completions", "-H", "Content-Type: application/json", "-d", json.dumps(
        {"model": BUILT_IN, "prompt": "a", "max_tokens": 3000, "ignore_eos": True, "stream": True})], stdout=subprocess.PIPE)
    assert asked.stdout.readline(), "the answer has begun"
    shown.process.send_signal(signal.SIGINT)
    shown.read_until(r"stopping: 1 request still runs, and gets up to \d+ s; Ctrl-C again ends at once")
    shown.process.send_signal(signal.SIGINT)
    assert shown.process.wait(START_SECONDS_MAX) in (0, 3)
    asked.kill()
    asked.wait()


def test_nohup_is_honoured(start_server, tmp_path):
    """A server that was started with nohup went down with its terminal."""
    process = subprocess.Popen([program("sanctum"), "serve", "--state-dir", str(tmp_path / "state"), "--listen", "127.0.0.1:0", "--mtls-listen", "off"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=at_home(tmp_path),
                               preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    try:
        url = process.stdout.readline().split()[1]
        process.send_signal(signal.SIGHUP)
        answer = subprocess.run(["curl", "-sf", f"{url}/health"], capture_output=True, timeout=MEANWHILE_SECONDS)
        assert answer.returncode == 0 and process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(START_SECONDS_MAX) == 0


def test_what_probes_ask_is_no_news(own_server):
    wait_until(lambda: own_server.status()["proofs"][0]["proven"], MEANWHILE_SECONDS, "it was proved")
    assert "api=probe" not in own_server.log()
