"""The choice among several models, and what a model cannot do."""

import pytest
from playwright.sync_api import expect

import models
import pictures
from programs import BUILT_IN
from sanctum_server import Server

RED = ("red.png", "image/png", pictures.plain("red", (64, 64)))


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A server of the built-in model, one that sees nothing, one that only thinks, one that answers no chats, and one that cannot be loaded."""
    place = tmp_path_factory.mktemp("models")
    running = Server(place / "state", "smoke", f"blind={models.text_only(place / 'blind')}", f"thinker={models.thinking(place / 'thinker')}",
                     f"base={models.base(place / 'base')}", f"broken={models.broken(place / 'broken')}")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def chat(open_page, several):
    return open_page(several)


def test_the_chosen_model_answers(chat):
    expect(chat.model).to_have_value(BUILT_IN)
    chat.model.select_option("blind")
    chat.ask("What is 17 + 25?")
    expect(chat.text()).to_have_text("17 + 25 = 42")
    expect(chat.answered().get_by_role("heading")).to_have_text("blind")
    assert chat.requests()[-1]["model"] == "blind"
    expect(chat.page.locator("#built-in")).to_be_hidden()


def test_one_that_is_not_ready_cannot_be_chosen(chat):
    expect(chat.model.get_by_role("option", name="broken (failed)")).to_be_disabled()
    expect(chat.model.get_by_role("option", name="blind")).to_be_enabled()


def test_one_that_answers_no_chats(chat):
    chat.model.select_option("base")
    chat.ask("What is 17 + 25?")
    expect(chat.hint).to_contain_text("base answers no chats: it has no chat template.")
    assert chat.requests() == []


def test_one_that_sees_no_pictures(chat):
    chat.drop(RED)
    expect(chat.pending).to_have_count(1)
    chat.model.select_option("blind")
    add = chat.page.get_by_role("button", name="Add picture")
    expect(add).to_be_disabled()
    expect(add).to_have_accessible_description(chat.hint.inner_text())
    expect(chat.hint).to_contain_text("blind sees no pictures.")
    chat.ask("What color is this?")
    expect(chat.hint).to_contain_text("blind sees no pictures: remove them, or choose another model.")
    assert chat.requests() == []
    chat.drop(RED)
    expect(chat.hint).to_have_text("blind sees no pictures: choose another model.")
    chat.model.select_option(BUILT_IN)
    expect(add).to_be_enabled()
    chat.box.press("Enter")
    expect(chat.text()).to_have_text("red")


def test_reasoning_is_folded_away(chat):
    chat.model.select_option("thinker")
    chat.settings()
    chat.page.get_by_label("System prompt").fill("You are helpful.")
    chat.page.keyboard.press("Escape")
    chat.ask("What is 17 + 25?")
    expect(chat.text()).to_be_empty()
    expect(chat.note()).to_have_text("The model said nothing.")
    reasoning = chat.answered().locator(".reasoning .text")
    expect(reasoning).to_be_hidden()
    chat.answered().get_by_text("Reasoning").click()
    expect(reasoning).to_be_visible()
    expect(reasoning).to_contain_text("42")
