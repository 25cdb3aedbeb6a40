"""Twice the load that a server can serve: it goes on serving what it can, refuses the rest, and recovers."""

import asyncio
import json
import statistics
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from programs import BUILT_IN, at_most, count

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
REQUEST_SECONDS_MAX = 90
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


class Client:
    """Connections that are kept between requests: the client has to cost less than what it measures, on the same cores."""

    def __init__(self, server):
        where = urlsplit(server.url)
        self.where = where.hostname, where.port
        self.free = []

    async def exchange(self, method, path, body=b""):
        async with asyncio.timeout(REQUEST_SECONDS_MAX):
            reader, writer = self.free.pop() if self.free else await asyncio.open_connection(*self.where)
            head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
            headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
            told = (await reader.readexactly(int(headers["content-length"]))).decode()
            if headers.get("connection") == "close":
                writer.close()
            else:
                self.free.append((reader, writer))
            return Answer(int(status.split()[1]), headers, told)

    def close(self):
        for _, writer in self.free:
            writer.close()


async def ask(client, number):
    """The answer, and whether it is right."""
    text, expected = question(number)
    request = {"model": BUILT_IN, "messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": 64}
    answer = await client.exchange("POST", "/v1/chat/completions", json.dumps(request).encode())
    return answer, answer.says(expected)


async def closed_loop(client, workers, seconds):
    """Right answers a second when as many ask as the server serves at once."""
    ends = time.monotonic() + seconds
    right = 0

    async def work(worker):
        nonlocal right
        for number in range(worker, 1 << 30, workers):
            if time.monotonic() >= ends:
                return
            answer, good = await ask(client, number)
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


async def open_loop(client, rate, seconds):
    """Requests that come whether the others have been answered or not."""
    seen = Overload()
    started = time.monotonic()
    ends = started + seconds

    async def one(number):
        answer, good = await ask(client, number)
        if good:
            seen.served += 1
            seen.right += time.monotonic() < ends
        else:
            (seen.refusals if answer.status == REFUSED else seen.others).append(answer)

    async def watch():
        while time.monotonic() < ends:
            seen.waiting.append(await waiting(client))
            await asyncio.sleep(WATCH_SECONDS)

    watching = asyncio.create_task(watch())
    tasks = []
    while (now := time.monotonic()) < ends:
        while seen.offered < (now - started) * rate:
            tasks.append(asyncio.create_task(one(seen.offered)))
            seen.offered += 1
        await asyncio.sleep(1 / rate)
    return seen, tasks + [watching]


async def waiting(client):
    metrics = (await client.exchange("GET", "/metrics")).body
    return next(int(float(line.split()[-1])) for line in metrics.splitlines() if line.startswith('sanctum_requests{state="waiting"}'))


async def timed_ask(client, number):
    began = time.monotonic()
    _, good = await ask(client, number)
    return time.monotonic() - began, good


async def usual_seconds(client):
    times = []
    for number in range(USUAL_ANSWERS):
        took, good = await timed_ask(client, number)
        assert good
        times.append(took)
    return statistics.median(times)


async def recovery_seconds(client, usual):
    """How long until an answer takes what is usual, from now."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) <= at_most(RECOVERY_SECONDS_MAX):
        took, good = await timed_ask(client, 0)
        if good and took <= usual * NORMAL_FACTOR:
            return time.monotonic() - began
    return passed


async def scenario(server):
    client = Client(server)
    usual = await usual_seconds(client)
    before = await closed_loop(client, RUNNING_MAX, PEAK_SECONDS)
    seen, tasks = await open_loop(client, OVERLOAD * before, SECONDS)
    recovery = await recovery_seconds(client, usual)
    await asyncio.gather(*tasks)
    # Other programs take their part of the machine, now more and now less.
    after = await closed_loop(client, RUNNING_MAX, PEAK_SECONDS)
    client.close()
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
    assert recovery <= at_most(RECOVERY_SECONDS_MAX)
