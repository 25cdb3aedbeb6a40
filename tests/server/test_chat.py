"""`sanctum chat` on a terminal, as a person types."""

import json
import os
import signal

import pytest

import pictures
from programs import BUILT_IN, program
from terminal import WAIT_SECONDS_MAX, Terminal

PROMPT = r"> $"


class Chat(Terminal):
    def __init__(self, server, *words, home=None):
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "HOME": str(home or "/nonexistent"), "LC_ALL": "C.UTF-8"}
        super().__init__(program("sanctum"), "chat", "--url", server.url, "--state-dir", server.state_dir, "--temperature", "0", *words,
                         env=environment)
        self.take(PROMPT)

    def say(self, text, until=PROMPT):
        self.type(text + "\n")
        return self.take(until)

    def leave(self, word="/bye"):
        self.type(word + "\n")
        return self.process.wait(WAIT_SECONDS_MAX)


@pytest.fixture
def chat(server):
    made = []

    def make(*words, on=server, **options):
        made.append(Chat(on, *words, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_turns_are_remembered_and_the_end_is_good(chat):
    talk = chat()
    talk.say("My name is Klara.", r"\n> $")
    assert "Klara" in talk.say("What is my name?", r"Klara[\s\S]*\n> $")
    assert talk.leave() == 0


def test_several_lines_are_one_question(chat):
    talk = chat()
    talk.type('"""Repeat\n')
    talk.take(r"\.\.\. $")
    assert "lantern" in talk.say('lantern"""', r"lantern[\s\S]*\n> $")


def test_a_paste_of_several_lines_is_one_question(chat):
    talk = chat("-v")
    talk.type("\x1b[200~Repeat “é 🙂”\r/quit\rlantern\x1b[201~")
    shown = talk.say("", r"tokens[\s\S]*\n> $")
    assert "lantern" in shown and shown.count("prompt tokens") == 1, "one question"


def test_commands_say_what_they_did(chat, tmp_path):
    (tmp_path / "red.png").write_bytes(pictures.plain("red"))
    talk = chat(home=tmp_path)
    assert "several lines" in talk.say("/?")
    assert "temperature 0, top_p" in talk.say("/set")
    assert "temperature 0.5, top_p" in talk.say("/set parameter temperature 0.5")
    assert "temperature 0, top_p" in talk.say("/set temperature 0")
    assert "max_tokens 7" in talk.say("/set max_tokens 7")
    assert "no number" in talk.say("/set temperature hot")
    assert f"{BUILT_IN} (this one)" in talk.say("/model")
    assert "did you mean" in talk.say("/model sanctum-smok")
    assert "no such command: /nonsense" in talk.say("/nonsense")
    assert "attached" in talk.say("/image ~/red.png")
    assert "red" in talk.say("What color is this?", r"\nred[\s\S]*\n> $").lower()
    assert "saved" in talk.say("/save ~/talk.json")
    assert "forgotten" in talk.say("/clear")
    assert "loaded, 2 messages" in talk.say("/load ~/talk.json")
    assert "no saved conversation" in talk.say("/load ~/red.png")
    assert "saved" in talk.say("/save ~/talk.json"), "over itself"
    assert "choose another name" in talk.say("/save ~/red.png")
    assert (tmp_path / "red.png").read_bytes() == pictures.plain("red"), "it was written over"
    assert [m["role"] for m in json.loads((tmp_path / "talk.json").read_text())["messages"]] == ["user", "assistant"]
    assert talk.leave("/exit") == 0


def test_an_answer_is_capped_and_says_how_to_raise_that(chat):
    talk = chat("--max-tokens", "1")
    assert "an answer may have 1 tokens; /set max_tokens NUMBER raises that" in talk.say("Repeat lantern")


def test_a_server_that_goes_is_said_to_be_gone(chat, start_server):
    server = start_server()
    talk = chat(on=server)
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(WAIT_SECONDS_MAX)
    assert "no server answers at" in talk.say("hi")
    assert talk.leave() == 1, "one question failed"


def test_a_long_silence_is_explained(chat, start_server):
    """It stood there without a word while a model loaded."""
    server = start_server("--probes", "off")
    talk = chat(on=server)
    engine = server.engine_pid()
    os.kill(engine, signal.SIGSTOP)
    talk.type("Repeat lantern\n")
    assert "(waiting: " in talk.take(r"^\(waiting: .+\)$")
    os.kill(engine, signal.SIGCONT)
    assert "lantern" in talk.take(r"lantern[\s\S]*\n> $")
