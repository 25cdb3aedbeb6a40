"""What a person is told when an engine or the server goes away, and how the conversation goes on."""

import contextlib
import os
import re
import signal

import pytest
from playwright.sync_api import expect

from programs import wait_until
from sanctum_server import Server

NUMBERS = ", ".join(map(str, range(1, 61)))
SLOW = {"SANCTUM_FAULT": "slow:15"}  # so that what is done in mid-answer is

# A note is there for a moment only.
KEEP_NOTES = """() => {
  window.notes = [];
  const keep = () => window.notes.push(document.querySelector(".answer:last-child .note").textContent);
  new MutationObserver(keep).observe(document.querySelector("#conversation"), {subtree: true, childList: true});
}"""


def is_ready(server):
    try:
        return server.request("GET", "/ready")[0] == 200
    except OSError:
        return False


@contextlib.contextmanager
def held(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("slow"), environment=SLOW)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def chat(open_page, slow_server):
    return open_page(slow_server)


@pytest.mark.parametrize("end", ["Escape", "Stop"])
def test_stopped_in_mid_answer(chat, end):
    chat.ask("Count from 1 to 60.")
    chat.begun()
    with held(chat.server.engine_pid()):  # a busy machine may reach the button only when all is said
        chat.page.keyboard.press("Escape") if end == "Escape" else chat.stop.click()
        expect(chat.note()).to_have_text("Stopped.")
    expect(chat.text()).to_have_text(re.compile(r"^1\b"))
    expect(chat.box).to_be_focused()
    expect(chat.send).to_be_visible()
    wait_until(lambda: chat.server.status()["requests"]["running"] == 0, 60, "the server has stopped too")
    chat.ask("What is 2 + 3?")
    expect(chat.text(1)).to_have_text("2 + 3 = 5")


def test_an_answer_goes_on_when_the_engine_dies(chat):
    restarts = chat.server.status()["engine"]["restarts"]
    engine = chat.server.engine_pid()
    chat.ask("Count from 1 to 60.")
    chat.begun()
    chat.page.evaluate(KEEP_NOTES)
    os.kill(engine, signal.SIGKILL)
    expect(chat.text()).to_have_text(NUMBERS)
    assert "The engine restarts, the answer goes on." in chat.page.evaluate("() => window.notes")
    expect(chat.note()).to_be_hidden()
    expect(chat.answered().locator(".timings")).to_have_text(re.compile("^first token .* prompt"))
    assert chat.server.status()["engine"]["restarts"] == restarts + 1


def test_a_server_that_is_lost_in_mid_answer(chat):
    chat.network_fails = True
    gateway = chat.server.gateway_pid()
    chat.ask("Count from 1 to 60.")
    chat.begun()
    os.kill(gateway, signal.SIGKILL)
    expect(chat.note()).to_contain_text("The connection to the server was lost. The conversation is kept")
    expect(chat.text()).to_have_text(re.compile(r"^1\b"))
    expect(chat.page.locator("#announcer")).to_contain_text("was lost")
    wait_until(lambda: is_ready(chat.server), 60, "another gateway answers")
    chat.answered().get_by_role("button", name="Try again").click()
    expect(chat.text()).to_have_text(NUMBERS)
    expect(chat.answers).to_have_count(1)


def test_a_server_that_is_not_there(chat):
    chat.network_fails = True
    chat.ask("What is 2 + 3?")
    chat.answered()
    chat.page.context.set_offline(True)
    expect(chat.page.locator("#state")).to_have_text("unreachable")
    chat.ask("What is 3 + 3?")
    expect(chat.note(1)).to_contain_text("The connection to the server was lost.")
    expect(chat.text(0)).to_have_text("2 + 3 = 5")
    chat.page.context.set_offline(False)
    chat.answered(1).get_by_role("button", name="Try again").click()
    expect(chat.text(1)).to_have_text("3 + 3 = 6")
