"""Progress on standard error: one line for whatever is about to take more than a moment."""

import sys
import time

STARTED = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - STARTED:5.0f} s] {text}", file=sys.stderr, flush=True)
