"""What a person is told when an engine or the server goes away, and how the conversation goes on."""

import os
import re
import signal

import pytest
from playwright.sync_api import expect

from programs import wait_until

NUMBERS = ", ".join(map(str, range(1, 100)))
SLOW = {"SANCTUM_KERNELS_ISA": "portable"}  # so that what is done in mid-answer is


@pytest.fixture
def chat(open_page, start_server):
    page = open_page(start_server(environment=SLOW))
    page.network_fails = True
    return page


def test_an_answer_goes_on_when_the_engine_dies(chat):
    engine = chat.server.engine_pid()
    chat.ask("Count from 1 to 99.")
    chat.begun()
    os.kill(engine, signal.SIGKILL)
    expect(chat.answers.last.locator(".note")).to_have_text("The engine restarts, the answer goes on.")
    expect(chat.text()).to_have_text(NUMBERS)
    expect(chat.note()).to_be_hidden()
    expect(chat.answered().locator(".timings")).to_have_text(re.compile("^first token .* prompt"))
    assert chat.server.status()["engine"]["restarts"] == 1


def test_a_server_that_is_lost_in_mid_answer(chat):
    gateway = chat.server.gateway_pid()
    chat.ask("Count from 1 to 99.")
    chat.begun()
    os.kill(gateway, signal.SIGKILL)
    expect(chat.note()).to_contain_text("The connection to the server was lost. The conversation is kept")
    expect(chat.text()).to_have_text(re.compile("^1, "))
    expect(chat.page.locator("#announcer")).to_contain_text("was lost")
    wait_until(lambda: chat.server.gateway_pid() != gateway, 60, "there is another")
    expect(chat.page.locator("#state")).to_have_text("ready")
    chat.answered().get_by_role("button", name="Try again").click()
    expect(chat.text()).to_have_text(NUMBERS)
    expect(chat.answers).to_have_count(1)


def test_a_server_that_has_ended(chat):
    chat.ask("What is 2 + 3?")
    expect(chat.text()).to_have_text("2 + 3 = 5")
    chat.server.process.send_signal(signal.SIGTERM)
    chat.server.process.wait(60)
    expect(chat.page.locator("#state")).to_have_text("unreachable")
    chat.ask("What is 3 + 3?")
    expect(chat.note(1)).to_contain_text("The connection to the server was lost.")
    expect(chat.text(0)).to_have_text("2 + 3 = 5")
