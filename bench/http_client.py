"""A light HTTP/1.1 client for measuring: it looks for ends and first tokens and parses nothing before the end.

One connection, kept open; several of them in threads make the load.
"""

import dataclasses
import json
import socket
import threading
import time
from urllib.parse import urlsplit

from child import Failed

READ_BYTES = 1 << 16
ANSWER_SECONDS_MAX = 600


@dataclasses.dataclass
class Answer:
    sent: float
    first: float  # when the first event came
    done: float
    body: bytes

    @property
    def usage(self):
        """Of a whole answer, or of the last event of a stream that has it."""
        texts = [self.body]
        if b"data: " in self.body:
            texts = [part.split(b"\n", 1)[0] for part in self.body.split(b"data: ") if b'"usage"' in part]
        for text in reversed(texts):
            found = json.loads(text).get("usage")
            if found:
                return found
        raise Failed("an answer came without usage")


class Connection:
    def __init__(self, url):
        where = urlsplit(url)
        self.address = (where.hostname, where.port)
        self.socket = None

    def post(self, path, body, seconds=ANSWER_SECONDS_MAX):
        payload = json.dumps(body, separators=(",", ":")).encode()
        request = (f"POST {path} HTTP/1.1\r\nHost: {self.address[0]}\r\nContent-Type: application/json\r\n"
                   f"Content-Length: {len(payload)}\r\n\r\n").encode() + payload
        try:
            if self.socket is None:
                self.socket = socket.create_connection(self.address, seconds)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.settimeout(seconds)
            sent = time.perf_counter()
            self.socket.sendall(request)
            return self._read(sent)
        except OSError as error:
            self.close()
            raise Failed(f"no answer from {self.address[0]}:{self.address[1]}: {error}") from None

    def _read(self, sent):
        got, head_end, first, keep = bytearray(), -1, None, True
        while True:
            data = self.socket.recv(READ_BYTES)
            now = time.perf_counter()
            got += data
            if head_end < 0:
                head_end = got.find(b"\r\n\r\n")
                if head_end < 0:
                    if not data:
                        raise Failed("the server closed the connection before it answered")
                    continue
                head = bytes(got[:head_end]).lower()
                chunked = b"transfer-encoding: chunked" in head
                length = int(head.split(b"content-length:")[1].split()[0]) if b"content-length:" in head else None
            if first is None and len(got) > head_end + 4:
                first = now
            if not data:
                keep = False
                break
            # Text in JSON holds no bare line ends, so that this cannot be inside an answer.
            if chunked and got.endswith(b"\r\n0\r\n\r\n"):
                break
            if length is not None and len(got) >= head_end + 4 + length:
                break
        if not keep:
            self.close()
        status = int(head.split()[1])
        body = bytes(got[head_end + 4:])
        if status != 200:
            raise Failed(f"the server answered {status}: {body[:300].decode('utf-8', 'replace')}")
        return Answer(sent, first or now, now, body)

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def at_once(url, path, bodies, per_client=lambda connection, path, body: [connection.post(path, body)]):
    """One client a body, all starting together; their answers in one list."""
    answers, failures = [], []
    barrier = threading.Barrier(len(bodies))

    def client(body):
        connection = Connection(url)
        try:
            barrier.wait(ANSWER_SECONDS_MAX)
            answers.extend(per_client(connection, path, body))
        except (Failed, threading.BrokenBarrierError) as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(body,), daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * ANSWER_SECONDS_MAX)
    if failures or any(thread.is_alive() for thread in threads):
        raise Failed(str(failures[0]) if failures else f"a client had no answer in {2 * ANSWER_SECONDS_MAX} s")
    return answers


def tokens_per_second(answers):
    """All that was said between the first request and the last answer's end."""
    said = sum(answer.usage["completion_tokens"] for answer in answers)
    return said / (max(answer.done for answer in answers) - min(answer.sent for answer in answers))
