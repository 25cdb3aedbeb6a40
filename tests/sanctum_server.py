"""A real `sanctum serve` in a state directory of its own, and clients for it."""

import http.client
import json
import os
import signal
import ssl
import subprocess
import threading
from urllib.parse import urlsplit

import openai

import processes
from programs import program, wait_until

READY_SECONDS_MAX = 90
STOP_SECONDS_MAX = 30
DRAIN_SECONDS = 5
REQUEST_SECONDS_MAX = 90


class Server:
    """Started by start(), ended by stop(), which also proves that nothing of it is left."""

    def __init__(self, state_dir, *arguments, environment=None):
        self.state_dir = state_dir
        self.arguments = arguments
        self.environment = {**os.environ, "XDG_STATE_HOME": str(state_dir), "SANCTUM_DRAIN": str(DRAIN_SECONDS), **(environment or {})}
        self.environment.pop("SANCTUM_URL", None)
        self.program = program("sanctum")
        self.lines = []
        self.ready = threading.Event()
        self.urls = []

    def start(self, wait=True, listen="127.0.0.1:0", mtls_listen="127.0.0.1:0", before=()):
        """`before`: words of a program that becomes the server."""
        command = [*before, self.program, "serve", *self.arguments, "--state-dir", str(self.state_dir)]
        command += ["--listen", listen, "--mtls-listen", mtls_listen]
        self.ready.clear()
        self.urls = []
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace", env=self.environment)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if wait:
            self.wait_ready()
        return self

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            words = line.split()
            if words and words[0] == "ready":
                self.urls = [word.rstrip(",;") for word in words[1:] if "://" in word]
                self.ready.set()
        self.ready.set()

    def wait_ready(self):
        if not self.ready.wait(READY_SECONDS_MAX) or not self.urls:
            raise AssertionError(f"the server did not become ready:\n{self.log()}")

    def log(self):
        return "".join(self.lines)

    @property
    def url(self):
        return next(url for url in self.urls if url.startswith("http://")).rstrip("/")

    @property
    def mtls_url(self):
        return next(url for url in self.urls if url.startswith("https://")).rstrip("/")

    @property
    def certificates(self):
        return self.state_dir / "certs"

    def ssl_context(self, client_certificate=True):
        context = ssl.create_default_context(cafile=str(self.certificates / "ca.pem"))
        if client_certificate:
            context.load_cert_chain(self.certificates / "client.pem", self.certificates / "client.key")
        return context

    def client(self, mtls=False, **options):
        options = {"api_key": "none", "max_retries": 0, "timeout": REQUEST_SECONDS_MAX, **options}
        if mtls:
            http_client = openai.DefaultHttpxClient(verify=self.ssl_context())
            return openai.OpenAI(base_url=self.mtls_url + "/v1", http_client=http_client, **options)
        return openai.OpenAI(base_url=self.url + "/v1", **options)

    def async_client(self, mtls=False, **options):
        options = {"api_key": "none", "max_retries": 0, "timeout": REQUEST_SECONDS_MAX, **options}
        if mtls:
            http_client = openai.DefaultAsyncHttpxClient(verify=self.ssl_context())
            return openai.AsyncOpenAI(base_url=self.mtls_url + "/v1", http_client=http_client, **options)
        return openai.AsyncOpenAI(base_url=self.url + "/v1", **options)

    def connection(self, timeout=REQUEST_SECONDS_MAX):
        where = urlsplit(self.url)
        return http.client.HTTPConnection(where.hostname, where.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=REQUEST_SECONDS_MAX):
        """(status, headers, body text) of one plain request."""
        connection = self.connection(timeout)
        try:
            connection.request(method, path, body=body, headers={"Content-Type": "application/json", **(headers or {})})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def status(self):
        status, _, body = self.request("GET", "/status")
        assert status == 200, body
        return json.loads(body)

    def engine_stats(self):
        """The engine's own counters, as its `stats` tells them."""
        return self.status()["engine"]["stats"]

    def gateway_pid(self):
        return wait_until(lambda: processes.gateways_of(self.process.pid), READY_SECONDS_MAX, "a gateway runs")[0]

    def engines(self):
        return [engine for gateway in processes.gateways_of(self.process.pid) for engine in processes.engines_of(gateway)]

    def engine_pid(self):
        return wait_until(self.engines, READY_SECONDS_MAX, "an engine runs")[0]

    def kill_engine(self, with_signal="SIGKILL"):
        pid = self.engine_pid()
        os.kill(pid, signal.Signals[with_signal])
        return pid

    def stop(self):
        engines = self.engines() if self.process.poll() is None else []
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_SECONDS_MAX)
            raise AssertionError(f"the server did not end within {STOP_SECONDS_MAX} s:\n{self.log()[-4000:]}") from None
        self.reader.join(STOP_SECONDS_MAX)
        for pid in engines:
            wait_until(lambda pid=pid: not processes.alive(pid), STOP_SECONDS_MAX, f"engine {pid} has ended with its server")
        assert code in (0, 3), f"the server ended with {code}:\n{self.log()[-4000:]}"
