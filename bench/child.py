"""A program that runs beside the bench: its lines are read with a limit, its errors go to a log file.

Every wait has a deadline; what goes wrong is a `Failed` whose text ends up under the table.
"""

import atexit
import os
import select
import signal
import subprocess
import time

from settings import CACHE

STOP_SECONDS_MAX = 30
WRITE_SECONDS_MAX = 60
READ_BYTES = 1 << 16
LAST_WORDS_BYTES = 400


_running = []


class Failed(Exception):
    """Why a contestant has no figure."""


@atexit.register
def _end_all():
    for child in list(_running):
        child.close(signal.SIGKILL)


def output_of(what, command, seconds_max):
    """What a program that runs to its end says on standard output. `what` begins the words of a `Failed`."""
    try:
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds_max)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"{what}: {error}") from None
    if run.returncode != 0:
        raise Failed(f"{what}: {' '.join(run.stderr.split())[-LAST_WORDS_BYTES:]}")
    return run.stdout


class Child:
    def __init__(self, name, command, environment=None):
        self.name = name
        logs = CACHE / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self.log_path = logs / f"{name.replace(' ', '-').replace(',', '')}.log"
        self.buffer = bytearray()
        self.given_up = None  # why, once it is
        try:
            with open(self.log_path, "wb") as log:
                self.process = subprocess.Popen(
                    [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                    bufsize=0, env={**os.environ, **(environment or {})})
        except OSError as error:
            raise Failed(f"{name} could not be started: {error}") from None
        os.set_blocking(self.process.stdin.fileno(), False)
        _running.append(self)

    def give_up(self, reason):
        """Ends it, so that what it was busy with is no part of later figures."""
        if self.given_up is None:
            self.given_up = reason
            self.close(signal.SIGKILL)
        return Failed(reason)

    def write(self, line):
        if self.given_up:
            raise Failed(f"{self.name} was given up before: {self.given_up}")
        left = memoryview(line.encode() + b"\n")
        pipe = self.process.stdin.fileno()
        while left:
            if not select.select([], [pipe], [], WRITE_SECONDS_MAX)[1]:
                raise self.give_up(f"{self.name} read nothing for {WRITE_SECONDS_MAX} s")
            try:
                left = left[os.write(pipe, left):]
            except BlockingIOError:
                continue
            except OSError:
                raise self.ended() from None

    def line(self, seconds):
        """The next line of its output, or Failed when none comes in time."""
        if self.given_up:
            raise Failed(f"{self.name} was given up before: {self.given_up}")
        deadline = time.monotonic() + seconds
        while True:
            end = self.buffer.find(b"\n")
            if end >= 0:
                line = bytes(self.buffer[:end])
                del self.buffer[:end + 1]
                return line
            self.fill(deadline, seconds)

    def fill(self, deadline, seconds):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
            raise self.give_up(f"{self.name} said nothing for {seconds:.0f} s (its log: {self.log_path})")
        data = os.read(self.process.stdout.fileno(), READ_BYTES)
        if not data:
            raise self.ended()
        self.buffer += data

    def ended(self):
        try:
            code = self.process.wait(2)
        except subprocess.TimeoutExpired:
            code = "closed its output"
        return self.give_up(f"{self.name} ended ({code}): {self.last_words()}")

    def last_words(self):
        text = self.log_path.read_bytes()[-LAST_WORDS_BYTES:].decode("utf-8", "replace")
        return " ".join(text.split()) or "it said nothing"

    def close(self, signal_number=None):
        """The end of its input ends it, or the signal named."""
        if self not in _running:
            return
        _running.remove(self)
        try:
            self.process.stdin.close()
            if signal_number is not None:
                self.process.send_signal(signal_number)
        except OSError:
            pass
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()
