"""`sanctum stress --reference solo`: every answer under load equals the one given alone."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from programs import count, program

SECONDS = count(4, 60)
FAKE_SECONDS = 2
RUN_SECONDS_MAX = 60  # beyond the load
COMPANY_SECONDS_MAX = 0.05  # how long the fake holds an answer back until another request comes
WORKERS = 4
REQUEST_SECONDS_MAX = 90


def stress(url, seconds, *arguments):
    return subprocess.run([program("sanctum"), "stress", "--reference", "solo", "--url", url, "--duration", f"{seconds}s", "--workers", str(WORKERS), *arguments],
                          capture_output=True, text=True, timeout=seconds + RUN_SECONDS_MAX)


def test_the_built_in_model_answers_as_it_does_alone(server):
    for seconds in (SECONDS, 4 * SECONDS, 16 * SECONDS):  # a busy machine takes longer to ask everything again
        result = stress(server.url, seconds, "--json")
        told = json.loads(result.stdout)
        assert (result.returncode, told["verdict"]) == (0, "PASS"), result.stdout
        assert told["reference"] == "solo" and told["pictures_shown"] is True
        assert told["different"] == 0
        assert told["compared"] == sum(pipeline["ok"] for pipeline in told["pipelines"].values())
        asked_again = told["compared"] > told["questions"] > 10
        if asked_again and all(pipeline["streamed"] > 0 for pipeline in told["pipelines"].values()):
            return
    raise AssertionError(f"every question had a fair chance to be asked again: {told}")


class Fake(ThreadingHTTPServer):
    """OpenAI's API as far as a stress test needs it. `answer(in_company)` is what it says, where
    `in_company` tells whether another request was there at the same time."""

    daemon_threads = True

    def __init__(self, answer, sees=None, logprobs=True):
        super().__init__(("127.0.0.1", 0), FakeHandler)
        self.answer, self.sees, self.logprobs = answer, sees, logprobs
        self.lock = threading.Lock()
        self.present = set()  # an event for each request that is being answered, set once it has company
        self.bodies = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def company(self, body):
        """Whether another request comes, or is here, while this one is."""
        mine = threading.Event()
        with self.lock:
            self.bodies.append(body)
            self.present.add(mine)
            if len(self.present) > 1:
                for event in self.present:
                    event.set()
        found = mine.wait(COMPANY_SECONDS_MAX)
        with self.lock:
            self.present.discard(mine)
        return found


class FakeHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = REQUEST_SECONDS_MAX

    def log_message(self, *_):
        pass

    def reply(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/v1/models":
            return self.reply(404, b"{}")
        model = {"id": "fake"} if self.server.sees is None else {"id": "fake", "vision": self.server.sees}
        return self.reply(200, json.dumps({"data": [model]}).encode())

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked.get("logprobs") and not self.server.logprobs:
            return self.reply(400, b'{"error": {"message": "no logprobs here", "param": "logprobs"}}')
        said = self.server.answer(self.server.company(asked))
        if not asked.get("stream"):
            return self.reply(200, json.dumps({"choices": [{"message": {"content": said}, "finish_reason": "stop"}]}).encode())
        chunks = [{"choices": [{"delta": {"content": said}}]}, {"choices": [{"delta": {}, "finish_reason": "stop"}]}]
        events = [json.dumps(chunk) for chunk in chunks] + ["[DONE]"]
        return self.reply(200, "".join(f"data: {event}\n\n" for event in events).encode(), "text/event-stream")


@pytest.fixture
def fake():
    """A function that starts one."""
    started = []

    def start(*arguments, **options):
        server = Fake(*arguments, **options)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join(REQUEST_SECONDS_MAX)
        server.server_close()


def test_an_answer_that_depends_on_the_load_is_wrong(fake):
    result = stress(fake(lambda in_company: "it is 84" if in_company else "it is 85").url, FAKE_SECONDS)
    assert result.returncode == 2, result.stdout
    assert 'text differs after 7 bytes: alone "5", under load "4"' in result.stdout
    assert result.stdout.splitlines()[-1].startswith("FAIL: ") and "wrong answers" in result.stdout


def test_a_steady_server_without_logprobs_passes(fake):
    running = fake(lambda _: "it is 85", logprobs=False)
    result = stress(running.url, FAKE_SECONDS, "--json")
    told = json.loads(result.stdout)
    assert (result.returncode, told["different"]) == (0, 0), result.stdout
    assert told["compared"] > 0
    sampled = [body for body in running.bodies if body["temperature"] > 0]
    assert sampled and all("seed" in body for body in sampled), "only what is fixed can be compared"
    assert len({body["seed"] for body in sampled}) > 5


def test_a_model_that_does_not_see_is_shown_no_pictures(fake):
    running = fake(lambda _: "it is 85", sees=False)
    result = stress(running.url, FAKE_SECONDS)
    assert result.returncode == 0, result.stdout
    assert "none were shown" in result.stdout
    assert "image_url" not in json.dumps(running.bodies)
