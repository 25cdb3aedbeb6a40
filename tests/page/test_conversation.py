"""Questions and answers on the page of the built-in model."""

import json
import re

from playwright.sync_api import expect

from programs import BUILT_IN

TIMINGS = re.compile(r"^first token [\d.]+ m?s · [\d.]+ tokens/s · \d+ tokens · prompt \d+ tokens · \d+ cached$")


def test_an_answer_with_its_timings(chat):
    chat.ask("What is 17 + 25?")
    expect(chat.text()).to_have_text("17 + 25 = 42")
    expect(chat.answered().get_by_role("heading")).to_have_text(BUILT_IN)
    expect(chat.answered().locator(".timings")).to_have_text(TIMINGS)
    expect(chat.page.locator("#announcer")).to_have_text("17 + 25 = 42")
    expect(chat.box).to_be_focused()
    expect(chat.box).to_have_value("")
    expect(chat.note()).to_be_hidden()
    request = chat.requests()[-1]
    assert request["stream"] and not {"temperature", "max_tokens"} & request.keys(), "what is left empty is the server's"


def test_by_keyboard_alone(chat):
    expect(chat.box).to_be_focused()
    press, write = chat.page.keyboard.press, chat.page.keyboard.type
    write("Count from")
    press("Shift+Enter")
    write("1 to 5")
    assert chat.requests() == []
    press("Enter")
    expect(chat.text()).to_have_text("1, 2, 3, 4, 5")
    assert chat.requests()[0]["messages"][-1]["content"] == "Count from\n1 to 5"
    press("Shift+Tab")
    expect(chat.answered().get_by_role("button", name="Try again")).to_be_focused()
    press("Enter")
    expect(chat.box).to_be_focused()
    expect(chat.answered()).to_be_visible()
    expect(chat.answers).to_have_count(1)
    assert len(chat.requests()) == 2 and chat.requests()[0] == chat.requests()[1]


def test_what_came_before_goes_along_until_it_is_forgotten(chat):
    chat.ask("My name is Ana.")
    chat.answered()
    chat.ask("What is my name?")
    expect(chat.text(1)).to_have_text("Your name is Ana.")
    chat.page.get_by_role("button", name="New conversation").click()
    expect(chat.answers).to_have_count(0)
    expect(chat.box).to_be_focused()
    chat.page.get_by_role("button", name="What is 17 + 25?").click()
    expect(chat.text(0)).to_have_text("17 + 25 = 42")
    assert len(chat.requests()[-1]["messages"]) == 1


def test_a_question_is_edited(chat):
    for question in ("What is 1 + 2?", "What is 2 + 3?"):
        chat.ask(question)
        chat.answered()
    chat.questions.nth(0).get_by_role("button", name="Edit").click()
    expect(chat.box).to_have_value("What is 1 + 2?")
    expect(chat.questions).to_have_count(0)
    chat.ask("What is 4 + 4?")
    expect(chat.text()).to_have_text("4 + 4 = 8")
    expect(chat.questions).to_have_count(1)


def test_the_settings_are_asked_with(chat):
    chat.settings()
    chat.page.get_by_label("Max tokens").fill("5")
    chat.page.get_by_label("Temperature").fill("0.1")
    chat.page.get_by_label("System prompt").fill("You are helpful.")
    chat.page.keyboard.press("Escape")
    chat.ask("Count from 1 to 20.")
    expect(chat.note()).to_contain_text("your limit of 5 tokens")
    request = chat.requests()[-1]
    assert (request["max_tokens"], request["temperature"]) == (5, 0.1)
    assert request["messages"][0] == {"role": "system", "content": "You are helpful."}
    chat.settings()
    chat.page.get_by_label("Temperature").fill("-3")
    chat.ask("Hello")
    expect(chat.page.get_by_label("Temperature")).to_be_focused()
    assert len(chat.requests()) == 1 and chat.box.input_value() == "Hello"


def test_a_full_context_is_told_from_a_limit(chat):
    def full(route):
        route.fulfill(content_type="text/event-stream", body='data: {"choices":[{"delta":{"content":"1"},"finish_reason":"length"}]}\n\ndata: [DONE]\n\n')

    chat.page.route("**/v1/chat/completions", full)
    chat.ask("Hello")
    expect(chat.note()).to_contain_text("fills the model's context")
    chat.settings()
    chat.page.get_by_label("Max tokens").fill("3000")
    chat.ask("Hello")
    expect(chat.note(1)).to_contain_text("fills the model's context")


def test_an_answer_that_breaks_off_is_no_whole_one(chat):
    piece = 'data: {"choices":[{"delta":{"content":"1, 2"}}]}\n\n'
    chat.page.route("**/v1/chat/completions", lambda route: route.fulfill(content_type="text/event-stream", body=piece))
    chat.ask("Hello")
    expect(chat.note()).to_contain_text("The connection to the server was lost.")
    expect(chat.text()).to_have_text("1, 2")


def test_events_of_other_servers_are_read_too(chat):
    """A fallback's words come as it says them: with CRLF, without a space."""
    events = 'data: {"choices":[{"delta":{"content":"1, "}}]}\r\n\r\ndata:{"choices":[{"delta":{"content":"2"},"finish_reason":"stop"}]}\r\n\r\ndata: [DONE]\r\n\r\n'
    chat.page.route("**/v1/chat/completions", lambda route: route.fulfill(content_type="text/event-stream", body=events))
    chat.ask("Hello")
    expect(chat.text()).to_have_text("1, 2")
    expect(chat.note()).to_be_empty()


def test_a_question_that_came_to_nothing_is_not_asked_again(chat):
    """Two turns of one role in a row are what many templates refuse."""
    refused = {"error": {"message": "no room"}}
    chat.page.route("**/v1/chat/completions", lambda route: route.fulfill(status=400, json=refused), times=1)
    chat.network_fails = True
    chat.ask("Lost")
    expect(chat.note(0)).to_contain_text("No room.")
    chat.ask("What is 2 + 3?")
    expect(chat.text(1)).to_have_text("2 + 3 = 5")
    assert [turn["content"] for turn in chat.requests()[-1]["messages"]] == ["What is 2 + 3?"]


def test_an_answer_is_copied(open_page, server):
    chat = open_page(server, permissions=["clipboard-read", "clipboard-write"])
    chat.ask("What is 17 + 25?")
    chat.answered().get_by_role("button", name="Copy").click()
    expect(chat.answered().get_by_role("button", name="Copied")).to_be_visible()
    assert chat.page.evaluate("() => navigator.clipboard.readText()") == "17 + 25 = 42"


def test_nothing_said_is_markup(chat):
    markup = "<b>bold</b><img src=/x onerror='document.title=1'>"
    piece = json.dumps({"choices": [{"delta": {"reasoning_content": markup, "content": markup}}]})
    error = json.dumps({"error": {"message": markup}})
    chat.page.route("**/v1/chat/completions", lambda route: route.fulfill(content_type="text/event-stream", body=f"data: {piece}\n\ndata: {error}\n\n"))
    chat.ask(markup)
    expect(chat.questions.locator(".text")).to_have_text(markup)
    expect(chat.text()).to_have_text(markup)
    expect(chat.answered().locator(".reasoning .text")).to_have_text(markup)
    expect(chat.note()).to_contain_text(f"The server gave up. {markup}")
    assert chat.page.locator("#conversation").locator("b, img").count() == 0
