"""A program on a terminal of its own: what it prints, in order, and what is typed into it."""

import os
import pty
import re
import subprocess
import threading
import tty

WAIT_SECONDS_MAX = 90  # for what has to come
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")  # what moves the cursor or colours


class Terminal:
    """Without `typed`, standard input is empty."""

    def __init__(self, *words, typed=True, **options):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.process = subprocess.Popen(list(map(str, words)), stdin=slave if typed else subprocess.DEVNULL, stdout=slave, stderr=slave,
                                        start_new_session=True, **options)
        os.close(slave)
        self.shown, self.over = b"", False
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # Linux's end of a terminal
                piece = b""
            with self.changed:
                self.shown += piece
                self.over = not piece
                self.changed.notify_all()
            if not piece:
                return

    def text(self):
        return ESCAPES.sub("", self.shown.decode(errors="replace")).replace("\r", "")

    def until(self, pattern):
        """What it printed, once the pattern is in it or nothing more comes."""
        with self.changed:
            self.changed.wait_for(lambda: self.over or re.search(pattern, self.text(), re.M), WAIT_SECONDS_MAX)
            return self.text()

    def read_until(self, pattern):
        """The same, and the pattern has to come."""
        text = self.until(pattern)
        assert re.search(pattern, text, re.M), f"{pattern!r} did not come:\n{text}"
        return text

    def take(self, pattern):
        """The same, which is forgotten."""
        with self.changed:
            text = self.read_until(pattern)
            self.shown = b""
            return text

    def take_until(self, prompt):
        """What stands before the prompt, on whose line it waits; both are taken."""
        return self.take(rf"(^|\n){re.escape(prompt)}\Z")[:-len(prompt)]

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """(exit code, all that it printed)."""
        try:
            code = self.process.wait(WAIT_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it has not ended after {WAIT_SECONDS_MAX} s:\n{self.text()}") from None
        self.reader.join(WAIT_SECONDS_MAX)
        return code, self.text()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(1)
        os.close(self.master)
