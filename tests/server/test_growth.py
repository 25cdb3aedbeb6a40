"""An engine that has served thousands of requests holds no more memory than one that has served some.

Prompts are the beginnings of a few texts, so that the prefix cache shares blocks, and its bound is so
low that it evicts all the while: what grows afterwards is a leak.
"""

import itertools
import random
import statistics
import subprocess
import sys

import pytest

import pictures
import processes
from engine_process import Engine, picture_part
from programs import PROVE, ROOT, SMOKE_MODEL, count

REQUESTS = count(1_500, 20_000)
WARM_UP = count(500, 5_000)  # requests; the allocator takes up to so many until it has what it needs, the busier the machine the later
BETWEEN_IDLE = 100  # requests from one idle point to the next
IN_FLIGHT = 64  # requests; the engine runs 16 of them and lets the others wait
GROWTH_MAX = 0.02 if PROVE else 0.10  # of resident memory, as a part of it; a short run is still warming up
PREFIX_CACHE = "128KiB"  # for each model
BUFFER_CACHE_BYTES_MAX = 16 << 20  # what MLX may keep for its next arrays; the engine's own limit
WAIT_SECONDS_MAX = 120  # for one more request to end

TEXTS = 6  # whose beginnings are the prompts
PROMPT_TOKENS = [1, 2, 3, 7, 16, 31, 63, 64, 65, 100, 127, 128, 129, 160, 191, 192, 193, 200]  # blocks hold 64
OUTPUT_TOKENS_MAX = 16
IDS = range(3, 400)  # tokens that mean nothing special
PICTURE_EVERY = 25  # requests
SIZES = [(1, 1), (40, 40), (96, 32)]  # pixels


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory):
    """A text model small enough to be asked thousands of times."""
    out = tmp_path_factory.mktemp("tiny")
    subprocess.run([sys.executable, ROOT / "bench" / "random_model.py", "tiny", out], check=True, timeout=120, capture_output=True)
    return out


def requests():
    """The parameters of one `generate` after another, without end and the same in every run."""
    chance = random.Random(17)
    texts = [chance.choices(IDS, k=max(PROMPT_TOKENS)) for _ in range(TEXTS)]
    shown = [pictures.plain(color, size) for color, size in itertools.product(pictures.COLORS, SIZES)]
    beginnings = list(itertools.product(texts, PROMPT_TOKENS))
    for number in itertools.count():
        sampling = {"temperature": 0, "max_tokens": chance.randint(1, OUTPUT_TOKENS_MAX), "ignore_eos": True}
        if number % PICTURE_EVERY == 0:
            content = [picture_part(chance.choice(shown)), {"type": "text", "text": "What color is this?"}]
            yield {"request": f"r{number}", "model": "seeing", "messages": [{"role": "user", "content": content}], "sampling": sampling}
        else:
            # In turn, so that the warm-up has asked all of them.
            text, length = beginnings[number % len(beginnings)]
            yield {"request": f"r{number}", "model": "tiny", "prompt_ids": text[:length], "sampling": sampling}


class Traffic:
    """Keeps requests in flight and forgets what it has heard, which would be the test's own growth."""

    def __init__(self, engine):
        self.engine = engine
        self.coming = requests()
        self.wanted = {}  # request: tokens that it has to give
        self.ended = 0

    def _settle(self):
        """Called with the engine's lock held, on every message."""
        for name, params in self.engine.notifications:
            if name == "completed":
                assert params["finish_reason"] == "length", params
                assert params["usage"]["completion_tokens"] == self.wanted.pop(params["request"]), params
                self.ended += 1
        self.engine.notifications.clear()
        for number in list(self.engine.answers):
            assert "error" not in self.engine.answers[number], self.engine.answers[number]
            del self.engine.answers[number]

    def _wait_below(self, in_flight):
        def few():
            self._settle()
            return len(self.wanted) < in_flight
        self.engine.wait(few, f"fewer than {in_flight} requests in flight", WAIT_SECONDS_MAX)

    def run(self, requests_more):
        """Asks that many and waits until the engine is idle."""
        for params in itertools.islice(self.coming, requests_more):
            self._wait_below(IN_FLIGHT)
            self.wanted[params["request"]] = params["sampling"]["max_tokens"]
            self.engine.send("generate", **params)
        self._wait_below(1)


def idle_memory(engine):
    stats = engine.call("stats")
    assert (stats["running"], stats["waiting"], stats["kv_bytes"]) == (0, 0, 0), "it is idle"
    resident = processes.resident_bytes(engine.process.pid)
    return {"resident": resident, "active": stats["active_bytes"], "cache": stats["cache_bytes"]}


def shown(point):
    return ", ".join(f"{name} {size / 2**20:.2f}" for name, size in point.items())


@pytest.fixture
def engine():
    running = Engine("--prefix-cache-bytes", PREFIX_CACHE)
    yield running
    running.stop()


def test_memory_stays_flat(engine, tiny_model):
    engine.load(tiny_model, "tiny")
    engine.load(SMOKE_MODEL, "seeing")
    traffic = Traffic(engine)
    points = []
    for _ in range(REQUESTS // BETWEEN_IDLE):
        traffic.run(BETWEEN_IDLE)
        points.append(idle_memory(engine))
        print(f"after {traffic.ended} requests, MiB: {shown(points[-1])}")
    assert traffic.ended == engine.call("stats")["requests_completed"] == REQUESTS
    points = points[WARM_UP // BETWEEN_IDLE - 1:]
    assert max(point["active"] for point in points) <= points[0]["active"], "the arrays of requests that have ended are gone"
    assert max(point["cache"] for point in points) <= BUFFER_CACHE_BYTES_MAX
    resident = [point["resident"] for point in points]
    quarter = len(resident) // 4  # its median, because one point is as noisy as the allocator
    grown = statistics.median(resident[-quarter:]) / statistics.median(resident[:quarter]) - 1
    print(f"resident memory has grown by {grown:.2%}")
    assert grown <= GROWTH_MAX
