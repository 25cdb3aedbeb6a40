"""Servers to be asked over HTTP: `sanctum serve`, and mlx_lm's own."""

import shutil
import signal
import socket
import sys
import tempfile
import time
import urllib.request

from child import Child, Failed
from settings import PROGRAMS

READY_SECONDS_MAX = 300


class SanctumServer:
    def __init__(self, name, model, *arguments, tls=False):
        program = PROGRAMS / "sanctum"
        if not program.exists():
            raise Failed(f"{program} is not built; run ./dev build")
        self.state = tempfile.mkdtemp(prefix="sanctum-bench-")
        self.model = model.name
        self.child = Child(name, [program, "serve", model, "--state-dir", self.state, "--listen", "127.0.0.1:0",
                                  "--mtls-listen", "127.0.0.1:0" if tls else "off", "--log-level", "warn", "--probes", "off", *arguments])
        try:
            self.urls = self._ready()
        except Failed:
            self.close()
            raise

    def _ready(self):
        deadline = time.monotonic() + READY_SECONDS_MAX
        while True:
            words = self.child.line(max(0.1, deadline - time.monotonic())).decode().split()
            if words and words[0] == "ready":
                return [word for word in words[1:] if "://" in word]

    @property
    def url(self):
        return next(url for url in self.urls if url.startswith("http://"))

    @property
    def tls_url(self):
        return next(url for url in self.urls if url.startswith("https://"))

    def close(self):
        self.child.close(signal.SIGTERM)
        shutil.rmtree(self.state, ignore_errors=True)


class MlxLmServer:
    model = "default_model"

    def __init__(self, name, model):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.child = Child(name, [sys.executable, "-m", "mlx_lm", "server", "--model", model, "--port", port,
                                  "--log-level", "ERROR"], {"HF_HUB_OFFLINE": "1"})
        try:
            self._wait()
        except Failed:
            self.close()
            raise

    def _wait(self):
        deadline = time.monotonic() + READY_SECONDS_MAX
        while True:
            if self.child.process.poll() is not None:
                raise self.child.ended()
            try:
                with urllib.request.urlopen(self.url + "/health", timeout=5):
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise Failed(f"mlx_lm's server did not answer within {READY_SECONDS_MAX} s")
            time.sleep(0.2)

    def close(self):
        self.child.close(signal.SIGINT)
