"""A browser for each module (its driver must be gone before other tests run an event loop), and the page in it, watched."""

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from chat_page import ChatPage

ANSWER_MS_MAX = 60_000  # for what a page is waited for: only a page that never gets there takes so long
BROWSERS = ("chromium", "google-chrome")

expect.set_options(timeout=ANSWER_MS_MAX)


def browser_path():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or pytest.fail(f"none of {', '.join(BROWSERS)} is installed; `./dev test` installs Debian's chromium")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # which Chromium has for others than root alone
        running = playwright.chromium.launch(executable_path=browser_path(), args=sandbox)
        yield running
        running.close()


@pytest.fixture
def open_page(browser):
    """A function that opens a server's page in a window of its own; its options are a browser context's. What each one saw is judged afterwards."""
    opened = []

    def make(server, path="/", base=None, **options):
        context = browser.new_context(**options)
        context.set_default_timeout(ANSWER_MS_MAX)
        page = ChatPage(context.new_page(), server)
        opened.append((context, page))
        page.open(path, base)
        return page

    yield make
    for context, _ in opened:
        context.close()
    for _, page in opened:
        page.judge()


@pytest.fixture
def chat(open_page, server):
    """The page of the shared server."""
    return open_page(server)
