"""The command line against a real server: what it prints and how it exits."""

import json
import re
import subprocess

import pytest

import pictures
from programs import count, program
from test_load_race import free_port

RUN_SECONDS_MAX = 120


def sanctum(*arguments, state_dir=None, **options):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(state_dir or "/nonexistent")}
    return subprocess.run([program("sanctum"), *map(str, arguments)], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, env=environment, **options)


def mtls(server):
    return ["--url", server.mtls_url, "--state-dir", server.state_dir]


NOBODY = f"http://127.0.0.1:{free_port()}"


@pytest.mark.parametrize("command", [[], ["serve"], ["certs"], ["chat"], ["status"], ["models"], ["smoke"], ["stress"]], ids=lambda c: " ".join(c) or "top")
def test_help_teaches(command):
    result = sanctum(*command, "--help")
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) > 5
    if command and command != ["certs"]:
        assert "xample" in result.stdout or "sanctum " + command[0] in result.stdout


@pytest.mark.parametrize("arguments", [["nonsense"], [], ["stress", "--workers", "0"], ["stress", "--duration", "soon"], ["smoke", "--nonsense"], ["stress", "--pipelines", "sound"],
                                       ["stress", "--reference", "hearsay"]],
                         ids=lambda a: " ".join(a) or "nothing")
def test_wrong_usage(arguments):
    result = sanctum(*arguments)
    assert result.returncode == 2
    assert result.stderr or result.stdout


@pytest.mark.parametrize("command", [["status"], ["smoke"], ["stress", "--duration", "1s"], ["chat", "hi"]], ids=lambda c: c[0])
def test_nobody_there(command):
    result = sanctum(*command, "--url", NOBODY)
    assert result.returncode == 2
    assert "sanctum serve" in result.stdout + result.stderr


def test_status(server):
    for where in (["--url", server.url], mtls(server)):
        result = sanctum("status", *where)
        assert result.returncode == 0, result.stderr
        assert "ready" in result.stdout
    server.client().completions.create(model=server.client().models.list().data[0].id, prompt="a", max_tokens=8)
    shown = sanctum("status", "--url", server.url).stdout
    for row in (r"speed +\d[\d.]* tokens/s over the last 10 s; the last answer \d", r"memory +\d[\d.]* [MG]B by the engine; weights \d", "incidents +none is open"):
        assert re.search(f"^{row}", shown, re.M), shown
    told = json.loads(sanctum("status", "--json", "--url", server.url).stdout)
    assert told["readiness"] == "ready" and told["models"] and told["status"]["engine"]["restarts"] >= 0


def test_models_are_listed_and_shown(server):
    listed = sanctum("models", "--url", server.url)
    assert re.match(r"sanctum-smoke  ready, context \d+ tokens, sees pictures, knows of tools\n$", listed.stdout), listed.stdout + listed.stderr
    told = sanctum("models", "info", "--url", server.url)
    assert told.returncode == 0 and "sampling      temperature 0 (its maker's" in told.stdout, told.stdout + told.stderr
    assert json.loads(sanctum("models", "--json", "--url", server.url).stdout)["data"][0]["id"] == "sanctum-smoke"
    slip = sanctum("models", "info", "sanctum-smok", "--url", server.url)
    assert slip.returncode == 2 and "did you mean 'sanctum-smoke'?" in slip.stderr
    nobody = sanctum("models", "--url", NOBODY)
    assert nobody.returncode == 2 and "sanctum serve" in nobody.stderr


@pytest.mark.parametrize("transport", ["plain", "mtls"])
def test_smoke_has_full_marks(server, transport):
    result = sanctum("smoke", *(mtls(server) if transport == "mtls" else ["--url", server.url]))
    assert result.returncode == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    assert lines[-1] == "10/10"
    assert sum(line.startswith("OK") for line in lines) == 10


def test_smoke_json(server):
    told = json.loads(sanctum("smoke", "--json", "--url", server.url).stdout)
    assert told["right"] == told["of"] == 10
    assert sorted(mark["kind"] for mark in told["marks"]) == ["text"] * 5 + ["tool"] + ["vision"] * 4


def test_smoke_on_a_model_that_is_not_there(server):
    result = sanctum("smoke", "--url", server.url, "--model", "nobody/knows-this")
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == "0/10"


@pytest.mark.parametrize("transport", ["plain", "mtls"])
def test_stress_passes(server, transport):
    where = mtls(server) if transport == "mtls" else ["--url", server.url]
    result = sanctum("stress", *where, "--duration", f"{count(5, 60)}s", "--json")
    told = json.loads(result.stdout)
    assert (result.returncode, told["verdict"]) == (0, "PASS"), result.stdout
    for pipeline in ("text", "vision"):
        figures = told["pipelines"][pipeline]
        assert figures["ok"] > 0 and figures["errors"] == figures["wrong"] == 0
        assert 0 < figures["p50_ms"] <= figures["p99_ms"]
        assert abs(2 * figures["streamed"] - figures["ok"]) <= 2 * told["workers_per_pipeline"], "half are streamed"
        assert figures["first_failure_s"] is None
    assert told["crashes"] == 0


def test_stress_counts_a_crash(own_server):
    process = subprocess.Popen([program("sanctum"), "stress", "--url", own_server.url, "--duration", "8s", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline(), "a progress line"
    own_server.kill_engine()
    out, _ = process.communicate(timeout=RUN_SECONDS_MAX)
    told = json.loads(out)
    assert (process.returncode, told["verdict"]) == (2, "FAIL"), out
    assert told["crashes"] == 1


def test_chat_answers_once(server, tmp_path):
    result = sanctum("chat", "--url", server.url, "--temperature", "0", "What is 2 + 3?")
    assert result.returncode == 0, result.stderr
    assert "5" in result.stdout
    file = tmp_path / "red.png"
    file.write_bytes(pictures.plain("red"))
    result = sanctum("chat", "-v", "--url", server.url, "--temperature", "0", "--image", file, "What color is this?")
    assert result.returncode == 0 and "red" in result.stdout.lower()
    assert "ms in all" in result.stderr


def test_chat_takes_standard_input_as_one_question(server):
    result = sanctum("chat", "--url", server.url, "--temperature", "0", input="Repeat\nlantern\n")
    assert result.returncode == 0, result.stderr
    assert "lantern" in result.stdout
    appended = sanctum("chat", "--url", server.url, "--temperature", "0", "What is", input="17 + 25?\n")
    assert appended.stdout.strip().endswith("42"), appended.stdout
    command = sanctum("chat", "--url", server.url, "--max-tokens", "8", input="/bye\n")
    assert command.returncode == 0 and "commands are obeyed on a terminal" in command.stderr
    nothing = sanctum("chat", "--url", server.url, input="")
    assert nothing.returncode == 2 and "there is no question" in nothing.stderr


def test_chat_with_a_picture_that_is_none(server):
    result = sanctum("chat", "--url", server.url, "--image", "/etc/passwd", "hi")
    assert result.returncode == 2 and "/etc/passwd" in result.stderr


def test_certs(tmp_path):
    state = tmp_path / "state"
    assert sanctum("certs", "init", "--state-dir", state).returncode == 0
    for name in ("ca.pem", "client.pem", "client.key"):
        assert (state / "certs" / name).stat().st_size > 0
    assert (state / "certs" / "client.key").stat().st_mode & 0o077 == 0, "a key is its owner's only"
    kept = (state / "certs" / "ca.pem").read_bytes()
    sanctum("certs", "init", "--state-dir", state)
    assert (state / "certs" / "ca.pem").read_bytes() == kept, "an authority in use is not thrown away"


def test_the_gateway_does_not_link_mlx():
    libraries = subprocess.run(["ldd", program("sanctum")], capture_output=True, text=True, timeout=30).stdout
    assert "libc" in libraries and "mlx" not in libraries
