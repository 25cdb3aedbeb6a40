"""A program on a terminal of its own, as a person sees it."""

import os
import pty
import re
import subprocess
import tty

WAIT_SECONDS_MAX = 60


class Terminal:
    def __init__(self, *command, raw=False, **options):
        self.master, slave = pty.openpty()
        if raw:
            tty.setraw(self.master)
        self.process = subprocess.Popen(list(map(str, command)), stdin=slave, stdout=slave, stderr=slave, **options)
        os.close(slave)
        self.text = ""

    def shown(self):
        """Without what moves the cursor or colours."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.text).replace("\r", "")

    def read_until(self, pattern):
        """All that was shown since the last take()."""
        while not re.search(pattern, self.shown(), re.M):
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # Linux's end of a terminal
                piece = b""
            assert piece, f"the terminal ended before {pattern!r}:\n{self.shown()}"
            self.text += piece.decode(errors="replace")
        return self.shown()

    def take(self, pattern):
        """The same, which is forgotten."""
        shown = self.read_until(pattern)
        self.text = ""
        return shown

    def type(self, text):
        os.write(self.master, text.encode())

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
