"""Twice the load that a server can serve: it goes on serving what it can, refuses the rest, and recovers."""

import asyncio
import json
import statistics
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from programs import BUILT_IN, count

SECONDS = count(6, 60)  # of the overload
PEAK_SECONDS = count(3, 20)  # of the closed loop that finds the peak, before and after
OVERLOAD = 2.0  # times the peak's rate
# Of the peak. What runs and waits when a short load ends is a twentieth of it, and a loop of seconds measures a busy machine's mood:
# there only a collapse shows.
GOODPUT_MIN = count(0.5, 0.9)
RECOVERY_SECONDS_MAX = 2.0  # from the last request of the overload
NORMAL_FACTOR = 2.0  # an answer that takes longer than this times the usual is no normal one
RUNNING_MAX = 8
WAITING_MAX = 16
USUAL_ANSWERS = 9  # asked alone, to know what is usual
REQUEST_SECONDS_MAX = 30
WATCH_SECONDS = 0.2  # between two looks at the metrics
REFUSED = 429


def question(number):
    """A question that differs from its neighbours but costs as much as they do, and its right answer."""
    first = 11 + number % 39
    return f"Count from {first} to {first + 9}.", ", ".join(str(n) for n in range(first, first + 10))


@dataclass
class Answer:
    status: int
    headers: dict
    body: str

    def says(self, expected):
        return self.status == 200 and json.loads(self.body)["choices"][0]["message"]["content"] == expected


async def exchange(server, method, path, body=b""):
    """One plain request on a connection of its own: the client has to cost less than what it measures."""
    where = urlsplit(server.url)
    async with asyncio.timeout(REQUEST_SECONDS_MAX):
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            head, _, told = (await reader.read(-1)).decode().partition("\r\n\r\n")
        finally:
            writer.close()
    status, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    return Answer(int(status.split()[1]), headers, told)


async def ask(server, number):
    """The answer, and whether it is right."""
    text, expected = question(number)
    request = {"model": BUILT_IN, "messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": 64}
    answer = await exchange(server, "POST", "/v1/chat/completions", json.dumps(request).encode())
    return answer, answer.says(expected)


async def closed_loop(server, workers, seconds):
    """Right answers a second when as many ask as the server serves at once."""
    ends = time.monotonic() + seconds
    right = 0

    async def work(worker):
        nonlocal right
        for number in range(worker, 1 << 30, workers):
            if time.monotonic() >= ends:
                return
            answer, good = await ask(server, number)
            assert good, answer
            right += time.monotonic() < ends

    await asyncio.gather(*(work(worker) for worker in range(workers)))
    return right / seconds


@dataclass
class Overload:
    offered: int = 0
    right: int = 0  # answered before the load ended
    served: int = 0
    refusals: list = field(default_factory=list)
    others: list = field(default_factory=list)
    waiting: list = field(default_factory=list)  # as the metrics told it


async def open_loop(server, rate, seconds):
    """Requests that come whether the others have been answered or not."""
    seen = Overload()
    started = time.monotonic()
    ends = started + seconds

    async def one(number):
        answer, good = await ask(server, number)
        if good:
            seen.served += 1
            seen.right += time.monotonic() < ends
        else:
            (seen.refusals if answer.status == REFUSED else seen.others).append(answer)

    async def watch():
        while time.monotonic() < ends:
            seen.waiting.append(await waiting(server))
            await asyncio.sleep(WATCH_SECONDS)

    watching = asyncio.create_task(watch())
    tasks = []
    while (now := time.monotonic()) < ends:
        while seen.offered < (now - started) * rate:
            tasks.append(asyncio.create_task(one(seen.offered)))
            seen.offered += 1
        await asyncio.sleep(1 / rate)
    return seen, tasks + [watching]


async def waiting(server):
    metrics = (await exchange(server, "GET", "/metrics")).body
    return next(int(float(line.split()[-1])) for line in metrics.splitlines() if line.startswith('sanctum_requests{state="waiting"}'))


async def timed_ask(server, number):
    began = time.monotonic()
    _, good = await ask(server, number)
    return time.monotonic() - began, good


async def usual_seconds(server):
    times = []
    for number in range(USUAL_ANSWERS):
        took, good = await timed_ask(server, number)
        assert good
        times.append(took)
    return statistics.median(times)


async def recovery_seconds(server, usual):
    """How long until an answer takes what is usual, from now."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) <= RECOVERY_SECONDS_MAX:
        took, good = await timed_ask(server, 0)
        if good and took <= usual * NORMAL_FACTOR:
            return time.monotonic() - began
    return passed


async def scenario(server):
    usual = await usual_seconds(server)
    before = await closed_loop(server, RUNNING_MAX, PEAK_SECONDS)
    seen, tasks = await open_loop(server, OVERLOAD * before, SECONDS)
    recovery = await recovery_seconds(server, usual)
    await asyncio.gather(*tasks)
    # Other programs take their part of the machine, now more and now less.
    after = await closed_loop(server, RUNNING_MAX, PEAK_SECONDS)
    return usual, (before, after), seen, recovery


def test_twice_the_load(start_server):
    server = start_server("--max-sequences", str(RUNNING_MAX), "--queue", str(WAITING_MAX))
    usual, peaks, seen, recovery = asyncio.run(scenario(server))
    peak = statistics.mean(peaks)
    goodput = seen.right / SECONDS
    print(f"peak {peaks[0]:.1f} right answers/s before and {peaks[1]:.1f} after, offered {seen.offered / SECONDS:.1f}/s for {SECONDS} s: goodput {goodput:.1f}/s ({goodput / peak:.0%}), "
          f"{len(seen.refusals)} refused, at most {max(seen.waiting)} waiting; usual {usual * 1e3:.0f} ms again after {recovery:.2f} s")
    assert not seen.others, seen.others[0]
    assert seen.served + len(seen.refusals) == seen.offered
    assert seen.offered >= 0.9 * OVERLOAD * peaks[0] * SECONDS, "the load was offered"
    assert seen.refusals and max(seen.waiting) > 0, "it was too much"
    assert max(seen.waiting) <= WAITING_MAX
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in seen.refusals)
    assert goodput >= GOODPUT_MIN * peak
    assert recovery <= RECOVERY_SECONDS_MAX
