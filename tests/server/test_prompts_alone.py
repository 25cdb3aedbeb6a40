"""Models that answer no chats, base models and such whose template is broken: proven by a plain completion, and told as what they are."""

import json
import os
import signal
import subprocess

import pytest

from programs import program
from terminal import Terminal
from tiny_llama import hugging_face

QUESTION = "What is 17 + 25?"
BROKEN = "{% for message in messages %}{{ message.content }}"


def run(*arguments):
    done = subprocess.run([program("sanctum"), *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def base_model(directory, template=None):
    hugging_face(directory)
    (directory / "chat_template.jinja").unlink()
    if template is not None:
        (directory / "chat_template.jinja").write_text(template)
    return directory


@pytest.mark.parametrize(("template", "why"), [
    (None, "it has no chat template"),
    (BROKEN, "its chat template (chat_template.jinja) does not parse: "),
    ("{{ messages[0].content | no_such_filter }}", "its chat template (chat_template.jinja) cannot render a question: "),
], ids=["none", "broken", "refusing"])
def test_a_model_without_a_template_is_proven_by_a_completion_and_told_as_such(template, why, start_server, tmp_path):
    server = start_server(str(base_model(tmp_path / "base", template)))  # ready: it was proven
    status = server.status()
    assert [(proof["model"], proof["modality"], proof["proven"]) for proof in status["proofs"]] == [("base", "text", True)]
    assert status["incidents"] == []
    told = json.loads(server.request("GET", "/v1/models/base")[2])
    assert told["chat"] is False and told["no_chat"].startswith(why)
    assert server.client().completions.create(model="base", prompt="The", max_tokens=3).usage.completion_tokens > 0

    at = ("--url", server.url)
    code, said = run("status", *at)
    assert code == 0 and "llama, not quantized, " in said and "chat: no, " + why in said and ": /v1/completions" in said
    code, said = run("models", *at)
    assert code == 0 and "answers no chats" in said
    code, said = run("models", "info", "base", *at)
    assert f"chat          no, {why}" in said
    assert "weights       not quantized\n" in said
    command = said.split("try           ")[1]
    assert command.startswith(f"curl {server.url}/v1/completions ")
    answer = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=True).stdout
    assert json.loads(answer)["object"] == "text_completion"
    for words in (["chat", QUESTION], ["smoke"], ["stress", "--duration", "1s"]):
        code, said = run(*words, "--model", "base", *at)
        assert code == 2, said
        assert f"'base' answers no chats: {why}" in said and f"curl {server.url}/v1/completions " in said
    code, said = run("probe", "works", *at)
    assert code == 0 and "OK   'base' in text" in said


def test_info_of_one_that_is_not_served_says_so_too(tmp_path):
    directory = base_model(tmp_path / "base")
    assert "chat          no, it has no chat template: /v1/completions\n" in run("models", "info", str(directory))[1]
    (directory / "chat_template.jinja").write_text("{{ messages }}")
    assert "chat   " not in run("models", "info", str(directory))[1]


def test_a_completion_is_compared_with_what_these_weights_said(start_server, tmp_path):
    server = start_server(str(base_model(tmp_path / "base")))
    at = ("--url", server.url, "--state-dir", str(tmp_path / "mine"))
    assert "recorded as what these weights say" in run("probe", "works", *at)[1]
    assert "as these weights said before" in run("probe", "works", *at)[1]


def test_the_greeting_tries_what_a_base_model_can(tmp_path):
    shown = Terminal(program("sanctum"), "serve", base_model(tmp_path / "base"), "--state-dir", tmp_path / "state", "--listen", "127.0.0.1:0",
                     "--mtls-listen", "off", env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "home")})
    try:
        text = shown.read_until(r"^ready \S+$")
        assert "\n  chat   not base (`sanctum models info` says why)\n  try    curl http://127.0.0.1:" in text
    finally:
        shown.process.send_signal(signal.SIGINT)
        shown.process.wait(60)
        shown.close()
