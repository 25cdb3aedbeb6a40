"""The page at / as a person meets it, and what its console and its network saw."""

import base64
from urllib.parse import urlsplit

from playwright.sync_api import expect

NETWORK_WORDS = "Failed to load resource"  # what Chromium itself says of an answer that is an error, or of none

TRANSFER = """([files]) => {
  const transfer = new DataTransfer();
  for (const [name, type, text] of files)
    transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, {type}));
  return transfer;
}"""


class ChatPage:
    def __init__(self, page, server):
        self.page = page
        self.server = server
        self.said, self.asked = [], []
        self.network_fails = False  # set where a test makes it fail
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"pageerror: {error}"))
        page.on("request", lambda request: self.asked.append(request))
        self.box = page.get_by_label("Message", exact=True)
        self.send = page.get_by_role("button", name="Send")
        self.stop = page.get_by_role("button", name="Stop")
        self.model = page.get_by_label("Model", exact=True)
        self.questions = page.locator(".turn.user")
        self.answers = page.locator(".turn.answer")
        self.hint = page.locator("#hint")
        self.pending = page.get_by_role("list", name="Pictures to send").get_by_role("listitem")

    def open(self, path="/", base=None):
        self.page.goto((base or self.server.url) + path)
        if path == "/":
            expect(self.model).not_to_have_value("")

    def ask(self, text):
        self.box.fill(text)
        self.box.press("Enter")

    def answered(self, turn=-1):
        """The answer, when it is over."""
        answer = self.answers.nth(turn)
        expect(answer).not_to_have_attribute("aria-busy", "true")
        return answer

    def text(self, turn=-1):
        return self.answered(turn).locator("> .text")

    def note(self, turn=-1):
        return self.answered(turn).locator(".note")

    def begun(self):
        """Waits for the first words of an answer."""
        expect(self.answers.last.locator("> .text")).not_to_be_empty()

    def requests(self):
        """What was sent to the model."""
        return [request.post_data_json for request in self.asked if request.url.endswith("/v1/chat/completions")]

    def settings(self):
        self.page.get_by_text("Settings", exact=True).click()

    def transfer(self, *files):
        """A DataTransfer of (name, type, bytes)."""
        return self.page.evaluate_handle(TRANSFER, [[[name, kind, base64.b64encode(data).decode()] for name, kind, data in files]])

    def drop(self, *files):
        transfer = self.transfer(*files)
        for event in ("dragover", "drop"):
            self.page.dispatch_event("#conversation", event, {"dataTransfer": transfer})

    def judge(self):
        """Nothing was wrong, and nobody but the server was asked."""
        wrong = [line for line in self.said if not (self.network_fails and NETWORK_WORDS in line)]
        assert not wrong, wrong
        own = urlsplit(self.server.url)
        asked = [urlsplit(request.url) for request in self.asked if not request.url.startswith("data:")]
        foreign = [url.netloc for url in asked if (url.scheme, url.hostname, url.port) != (own.scheme, own.hostname, own.port)]
        assert not foreign, foreign
