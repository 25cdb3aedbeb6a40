"""axe-core finds nothing, in light and dark, in every state; and narrow windows and large letters work."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import pictures

RED = ("red square.png", "image/png", pictures.plain("red", (64, 64)))
LONG = "w" * 300


def violations(chat):
    found = Axe().run(chat.page)
    return found.generate_report() if found.violations_count else ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, server, scheme):
    chat = open_page(server, color_scheme=scheme)
    assert violations(chat) == "", "empty"
    chat.settings()
    assert violations(chat) == "", "settings"
    chat.page.keyboard.press("Escape")
    chat.drop(RED)
    expect(chat.pending).to_have_count(1)
    assert violations(chat) == "", "a picture to send"
    chat.ask("What color is this?")
    expect(chat.answered().locator(".timings")).to_contain_text("tokens/s")
    assert violations(chat) == "", "answered"
    chat.page.route("**/v1/chat/completions", lambda route: None)  # an answer that never comes
    chat.ask("Hello")
    expect(chat.stop).to_be_visible()
    assert violations(chat) == "", "answering"
    chat.stop.click()
    expect(chat.note()).to_have_text("Stopped.")
    chat.page.unroute("**/v1/chat/completions")
    chat.network_fails = True
    chat.drop(("broken.png", "image/png", b"no picture"))
    expect(chat.pending).to_have_count(1)
    chat.ask("Hello")
    expect(chat.note()).to_contain_text("refuses")
    assert violations(chat) == "", "an error"
    chat.drop(("notes.txt", "text/plain", b"hello"))
    expect(chat.hint).to_contain_text("notes.txt")
    assert violations(chat) == "", "a complaint"
    chat.page.get_by_role("link", name="Server").click()
    expect(chat.page.get_by_role("heading", name="Models")).to_be_visible()
    assert violations(chat) == "", "server"


def width(chat):
    return chat.page.evaluate("() => document.documentElement.scrollWidth")


@pytest.mark.parametrize(("name", "options"), [
    ("320 px", {"viewport": {"width": 320, "height": 640}}),
    ("200 % of 1280 x 720", {"viewport": {"width": 640, "height": 360}, "device_scale_factor": 2}),
])
def test_narrow(open_page, server, name, options):
    chat = open_page(server, **options)
    chat.settings()
    expect(chat.page.get_by_label("Max tokens")).to_be_in_viewport()
    chat.page.get_by_label("Max tokens").fill("7")
    chat.page.keyboard.press("Escape")
    chat.drop(RED)
    chat.ask(f"What color is this? {LONG}")
    chat.answered()
    assert width(chat) == options["viewport"]["width"], "chat"
    expect(chat.box).to_be_in_viewport()
    chat.page.get_by_role("link", name="Server").click()
    expect(chat.page.locator("#curl-chat")).to_be_visible()
    assert width(chat) == options["viewport"]["width"], "server"


def test_the_server_view_by_keyboard(chat):
    chat.page.keyboard.press("Tab")
    for _ in range(30):
        if chat.page.evaluate("() => document.activeElement.id") == "to-server":
            break
        chat.page.keyboard.press("Tab")
    chat.page.keyboard.press("Enter")
    expect(chat.page.locator("#server")).to_be_visible()
    expect(chat.page.locator("#chat")).to_be_hidden()
    expect(chat.page.get_by_role("link", name="Server")).to_have_attribute("aria-current", "page")
    expect(chat.page.get_by_role("cell", name=chat.server.status()["models"][0]["model"])).to_be_visible()
    expect(chat.page.locator(".card", has_text="engine memory")).to_contain_text("MB")
    expect(chat.page.locator("#curl-picture")).to_contain_text("image_url")
    chat.page.get_by_role("link", name="Chat").press("Enter")
    expect(chat.box).to_be_visible()
