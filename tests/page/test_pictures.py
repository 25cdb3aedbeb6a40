"""Pictures by drop, by paste and by the file button."""

import pytest
from playwright.sync_api import expect

import pictures

RED = ("red square.png", "image/png", pictures.plain("red", (64, 64)))
BLUE = ("sea.jpg", "image/jpeg", pictures.plain("blue", (200, 90), "JPEG"))


def paste(chat, *files):
    chat.page.evaluate("""([box, data]) => box.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true}))""",
                       [chat.box.element_handle(), chat.transfer(*files)])


def choose(chat, *files):
    with chat.page.expect_file_chooser() as chooser:
        chat.page.get_by_role("button", name="Add picture").click()
    chooser.value.set_files([{"name": name, "mimeType": kind, "buffer": data} for name, kind, data in files])


def drop(chat, *files):
    chat.drop(*files)


@pytest.mark.parametrize("give", [drop, paste, choose])
def test_a_picture_is_seen(chat, give):
    give(chat, RED)
    expect(chat.pending.get_by_role("img", name=RED[0])).to_be_visible()
    chat.ask("What color is this?")
    expect(chat.text()).to_have_text("red")
    expect(chat.questions.get_by_role("img", name=RED[0])).to_be_visible()
    expect(chat.pending).to_have_count(0)
    chat.ask("What shape is this?")
    chat.answered(1)
    assert [part["type"] for part in chat.requests()[-1]["messages"][0]["content"]] == ["image_url", "text"], "it stays in the conversation"


def test_one_is_taken_back(chat):
    chat.drop(RED, BLUE)
    expect(chat.pending).to_have_count(2)
    chat.page.get_by_role("button", name=f"Remove {RED[0]}").click()
    expect(chat.pending).to_have_count(1)
    expect(chat.box).to_be_focused()
    chat.ask("What color is this?")
    expect(chat.text()).to_have_text("blue")
    chat.questions.get_by_role("button", name="Edit").click()
    expect(chat.pending.get_by_role("img", name=BLUE[0])).to_be_visible()


def test_what_is_no_picture_is_refused_in_words(chat):
    chat.drop(("notes.txt", "text/plain", b"hello"))
    expect(chat.hint).to_have_text("notes.txt is no PNG, JPEG, WebP, GIF or BMP.")
    expect(chat.pending).to_have_count(0)


def test_an_error_of_the_server_is_shown(chat):
    chat.network_fails = True
    chat.drop(("broken.png", "image/png", b"no picture at all"))
    chat.ask("What color is this?")
    expect(chat.note()).to_contain_text("The server refuses this (400).")
    expect(chat.note()).to_contain_text("PNG")
    expect(chat.answered().get_by_role("button", name="Copy")).to_be_hidden()
    chat.questions.get_by_role("button", name="Edit").click()
    chat.page.get_by_role("button", name="Remove broken.png").click()
    chat.ask("What is 2 + 3?")
    expect(chat.text()).to_have_text("2 + 3 = 5")
