"""sanctum-engine over its standard input and output, so that HTTP is no part of the figures.

Arrival times are taken when the bytes are read, before they are parsed.
"""

import base64
import dataclasses
import json
import time

from child import Child, Failed
from settings import PROGRAMS

ANSWER_SECONDS_MAX = 900
LOAD_SECONDS_MAX = 300
MODEL = "m"


@dataclasses.dataclass
class Request:
    name: str
    sent: float
    arrivals: list = dataclasses.field(default_factory=list)  # (time, how many tokens came)
    completed: dict = None
    completed_at: float = None

    @property
    def first_token_s(self):
        return self.arrivals[0][0] - self.sent

    @property
    def timings(self):
        return self.completed["timings"]

    @property
    def usage(self):
        return self.completed["usage"]


class Engine:
    def __init__(self, name, *arguments):
        program = PROGRAMS / "sanctum-engine"
        if not program.exists():
            raise Failed(f"{program} is not built; run ./dev build")
        self.child = Child(name, [program, "--log-level", "warn", *arguments])
        self.numbers = 0
        self.answers, self.requests = {}, {}
        self.frames = []  # (time, {request: tokens})

    @property
    def pid(self):
        return self.child.process.pid

    def load(self, path):
        return self.call("load_model", {"model": MODEL, "path": str(path)}, LOAD_SECONDS_MAX)

    def send(self, method, params):
        self.child.write(self._line(method, params))
        return self.numbers

    def _line(self, method, params):
        self.numbers += 1
        message = {"jsonrpc": "2.0", "id": self.numbers, "method": method, "params": params}
        return json.dumps(message, separators=(",", ":"))

    def read(self, seconds=ANSWER_SECONDS_MAX):
        line = self.child.line(seconds)
        now = time.perf_counter()
        message = json.loads(line)
        params = message.get("params")
        if message.get("method") == "tokens":
            rows = {row["request"]: len(row["ids"]) for row in params["rows"] if row.get("ids")}
            self.frames.append((now, rows))
            for name, count in rows.items():
                self.requests[name].arrivals.append((now, count))
        elif message.get("method") == "completed":
            if params["finish_reason"] == "error":
                raise self.child.give_up(f"the engine gave up a request: {params.get('failure', params)}")
            request = self.requests[params["request"]]
            request.completed, request.completed_at = params, now
        elif "error" in message:
            raise self.child.give_up(f"the engine refused: {message['error'].get('message')}")
        elif "id" in message:
            self.answers[message["id"]] = message["result"]

    def call(self, method, params, seconds=ANSWER_SECONDS_MAX):
        number = self.send(method, params)
        self.until(lambda: number in self.answers, method, seconds)
        return self.answers.pop(number)

    def until(self, condition, what, seconds=ANSWER_SECONDS_MAX):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise self.child.give_up(f"after {seconds:.0f} s still not: {what}")
            self.read(seconds)

    def ask(self, prompt_ids, tokens, **more):
        """`more`: further members of a `generate`."""
        return self._generate({"prompt_ids": prompt_ids, **more}, tokens)

    def converse(self, messages, tokens, **more):
        return self._generate({"messages": messages, **more}, tokens)

    def ask_about(self, picture, tokens):
        """`picture`: the bytes of a PNG file."""
        content = [{"type": "image", "data": base64.b64encode(picture).decode()},
                   {"type": "text", "text": "What is this?"}]
        return self.converse([{"role": "user", "content": content}], tokens)

    def _generate(self, prompt, tokens):
        name = f"r{self.numbers}"
        sampling = {"temperature": 0, "max_tokens": tokens, "ignore_eos": True}
        line = self._line("generate", {"request": name, "model": MODEL, **prompt, "sampling": sampling})
        request = self.requests[name] = Request(name, time.perf_counter())
        self.child.write(line)
        return request

    def finish(self, requests):
        self.until(lambda: all(request.completed for request in requests), "requests complete")

    def cancel(self, requests):
        for request in requests:
            if not request.completed:
                self.send("cancel", {"request": request.name})
        self.finish(requests)
        self.frames.clear()

    def close(self):
        self.child.close()
