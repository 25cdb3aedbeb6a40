"""A real `sanctum-engine`, spoken to in JSON-RPC over its standard streams or a Unix socket."""

import base64
import itertools
import json
import queue
import socket
import subprocess
import threading

from programs import program, wait_until

ANSWER_SECONDS_MAX = 90


class Refused(Exception):
    """A JSON-RPC error; `data` holds Sanctum's code and field."""

    def __init__(self, error):
        super().__init__(error.get("message", ""))
        self.error = error
        self.data = error.get("data") or {}

    @property
    def text(self):
        return json.dumps(self.error)


class Engine:
    def __init__(self, *arguments, socket_path=None):
        command = [program("sanctum-engine"), *arguments]
        if socket_path:
            command += ["--socket", str(socket_path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.errors = []
        self.error_reader = threading.Thread(target=self._read_errors, daemon=True)
        self.error_reader.start()
        self.socket = None
        if socket_path:
            self.socket = wait_until(lambda: self._connect(socket_path), 30, "the engine listens")
            self.input = self.socket.makefile("wb")
            self.output = self.socket.makefile("rb")
        else:
            self.input, self.output = self.process.stdin, self.process.stdout
        self.numbers = itertools.count(1)
        self.changed = threading.Condition()
        self.answers = {}
        self.notifications = []
        self.closed = False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _connect(self, path):
        if self.process.poll() is not None:
            raise AssertionError(f"the engine ended:\n{self.log()}")
        candidate = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            candidate.connect(str(path))
            return candidate
        except OSError:
            candidate.close()
            return None

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line.decode("utf-8", "replace"))

    def _read(self):
        for line in self.output:
            message = json.loads(line)
            assert message["jsonrpc"] == "2.0", message
            with self.changed:
                if "method" in message:
                    self.notifications.append((message["method"], message["params"]))
                else:
                    self.answers[message["id"]] = message
                self.changed.notify_all()
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def log(self):
        return "".join(self.errors)

    def write(self, line):
        self.input.write(line if isinstance(line, bytes) else line.encode())
        self.input.flush()

    def send(self, method, **params):
        """Sends a request and returns its number at once."""
        number = next(self.numbers)
        self.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
        return number

    def wait(self, condition, what, seconds=ANSWER_SECONDS_MAX):
        """Waits until `condition()` is something, which it returns; wakes on every message."""
        found = []

        def held():
            value = condition()
            if value:
                found.append(value)
            return bool(value) or self.closed

        with self.changed:
            self.changed.wait_for(held, seconds)
        if not found:
            raise AssertionError(f"did not come: {what}; the engine said:\n{self.log()[-4000:]}")
        return found[0]

    def answer(self, number, seconds=ANSWER_SECONDS_MAX):
        message = self.wait(lambda: self.answers.get(number), f"an answer to request {number}", seconds)
        if "error" in message:
            raise Refused(message["error"])
        return message["result"]

    def call(self, method, **params):
        return self.answer(self.send(method, **params))

    def load(self, path, model="m"):
        return self.call("load_model", model=model, path=str(path))

    def heard(self, method, **match):
        """The parameters of every notification of this kind so far."""
        return [params for name, params in list(self.notifications)
                if name == method and all(params.get(key) == value for key, value in match.items())]

    def completed(self, request, seconds=ANSWER_SECONDS_MAX):
        return self.wait(lambda: self.heard("completed", request=request), f"the end of {request}", seconds)[0]

    def text(self, request):
        rows = [row for frame in self.heard("tokens") for row in frame["rows"] if row["request"] == request]
        rows += [done["last"] for done in self.heard("completed", request=request) if "last" in done]
        return "".join(row.get("content", "") for row in rows)

    def ids(self, request):
        rows = [row for frame in self.heard("tokens") for row in frame["rows"] if row["request"] == request]
        return [token for row in rows for token in row.get("ids", [])]

    def stop(self):
        try:
            self.input.close()
            if self.socket:
                self.socket.close()
                self.process.terminate()
            code = self.process.wait(30)
            assert self.socket or code == 0, f"the engine ended with {code}:\n{self.log()[-4000:]}"
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(30)


def picture_part(data):
    return {"type": "image", "data": base64.b64encode(data).decode()}
