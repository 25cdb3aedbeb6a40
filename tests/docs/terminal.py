"""A program on a terminal of its own: what it prints, in order, and what is typed into it."""

import os
import pty
import re
import subprocess
import threading
import tty

PATIENCE_SECONDS = 90  # for what has to come
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")


class Terminal:
    """Without `typed`, standard input is empty."""

    def __init__(self, words, environment, directory, typed=False):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.process = subprocess.Popen(words, env=environment, cwd=directory, stdin=slave if typed else subprocess.DEVNULL,
                                        stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.shown, self.over = b"", False
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                piece = b""
            with self.changed:
                self.shown += piece
                if not piece:
                    self.over = True
                self.changed.notify_all()
            if not piece:
                return

    def text(self):
        return ESCAPES.sub("", self.shown.decode(errors="replace")).replace("\r", "")

    def until(self, pattern):
        """What it printed, once the pattern is in it or nothing more comes."""
        with self.changed:
            self.changed.wait_for(lambda: self.over or re.search(pattern, self.text(), re.M), PATIENCE_SECONDS)
            return self.text()

    def take_until(self, prompt):
        """What stands before the prompt, on whose line it waits; both are taken."""
        with self.changed:
            there = self.changed.wait_for(lambda: self.over or re.search(rf"(^|\n){re.escape(prompt)}$", self.text()), PATIENCE_SECONDS)
            assert there and not self.over, f"no prompt came:\n{self.text()}"
            said, self.shown = self.text()[:-len(prompt)], b""
            return said

    def type(self, line):
        os.write(self.master, line.encode() + b"\n")

    def end(self):
        """(exit code, all that it printed)."""
        try:
            code = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it has not ended after {PATIENCE_SECONDS} s:\n{self.text()}") from None
        self.reader.join(PATIENCE_SECONDS)
        return code, self.text()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(1)
        os.close(self.master)
