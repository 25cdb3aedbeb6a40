"""Another OpenAI server for `--fallback`: no word that it says is one of ours, and it remembers what it was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "other-model"
ANSWER = "I am the other server."
CHUNKS = [ANSWER[i:i + 4] for i in range(0, len(ANSWER), 4)]


class Other:
    """Answers every model but those of `missing`; holds its answers back while `holds` is set."""

    def __init__(self, missing=(), port=0):
        self.asked = []  # the request bodies
        self.missing = missing
        self.holds = False
        self.released = threading.Event()
        self.holding = threading.Event()
        other = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def say(self, status, body, content_type="application/json"):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.say(200, json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model"}]}).encode())

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                other.asked.append(body)
                if other.holds:
                    other.holding.set()
                    other.released.wait()
                if body["model"] in other.missing:
                    return self.say(404, json.dumps({"error": {"message": "no such model", "type": "invalid_request_error"}}).encode())
                if body.get("stream"):
                    events = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in CHUNKS]
                    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
                    return self.say(200, text.encode(), "text/event-stream")
                choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ANSWER}}
                return self.say(200, json.dumps({"object": "chat.completion", "model": body["model"], "choices": [choice]}).encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
