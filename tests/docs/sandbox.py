"""A home in which a page's commands find what the page takes for granted, and nothing of this machine's."""

import hashlib
import json
import os
import random
import re
import shutil
import socket
import tempfile
from pathlib import Path

import pictures
import tiny_gguf
import tiny_llama
from local_hub import LocalHub
from programs import BIN, ROOT, SMOKE_MODEL

DEFAULT_PORT = 1338
DOCUMENTED_PORTS = (1337, DEFAULT_PORT, 8080, 11434)
PORTS = range(15000, 30000)  # below those that a system gives to clients, so that nobody gets them by chance
DOWNLOADED = "mlx-community/Qwen3-4B-4bit"
GATED = "meta-llama/Llama-3.2-1B"
HOME_SHOWN = "/home/you"
HUB_SHOWN = "https://huggingface.co"

# What differs from run to run, or from machine to machine.
VARYING = [(re.compile(pattern), shown) for pattern, shown in (
    (r"\b[0-9a-f]{64}\b", "SHA256"),
    (r"\bsk-sanctum-[\w-]+", "KEY"),
    (r"\b(pid|process) \d+", r"\1 N"),
    (r"\b\d+(\.\d+)? (ms|s|MiB|tokens/s)\b", r"N \2"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "TIME"),
    (r"\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT", "TIME"),
    (r'"chatcmpl-[0-9a-f]+"', '"chatcmpl-N"'),
    (r'("(?:\w+_us|created|age_s)": ?)\d+', r"\1N"),
    (r"[ \t]+$", ""),
    (r" {2,}", "  "),
)]


def unused_ports():
    """A port of this machine for each documented one."""
    taken = {}
    candidates = random.sample(PORTS, 200)
    for port in DOCUMENTED_PORTS:
        while port not in taken:
            candidate = candidates.pop()
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", candidate))
                except OSError:
                    continue
            taken[port] = candidate
    return taken


def add_other_programs_models(home):
    """A GGUF file alone, one that Ollama has fetched, one that LM Studio has."""
    file = tiny_gguf.write(home / "Tiny-Q8_0.gguf")
    studio, ollama = home / ".lmstudio/models/lmstudio-community/Tiny-GGUF", home / ".ollama/models"
    manifest = ollama / "manifests/registry.ollama.ai/library/tiny/1m"
    for folder in (studio, ollama / "blobs", manifest.parent):
        folder.mkdir(parents=True)
    shutil.copy(file, studio)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    shutil.copy(file, ollama / "blobs" / f"sha256-{digest}")
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": file.stat().st_size}
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": [layer]}))


def copy_model(directory):
    directory.mkdir(parents=True)
    for file in SMOKE_MODEL.iterdir():
        if file.is_file():
            shutil.copy(file, directory / file.name)


class Sandbox:
    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="docs", dir="/tmp"))  # short: a socket's path has a limit
        self.ports = unused_ports()
        self.hub = LocalHub()
        self.hub.add(DOWNLOADED, {file.name: file.read_bytes() for file in SMOKE_MODEL.iterdir() if file.is_file()})
        self.hub.add(GATED, {"config.json": b"{}"})
        self.hub.gated.add(GATED)
        self.environment = {
            "HF_ENDPOINT": self.hub.url,
            "HOME": str(self.home), "LC_ALL": "C.UTF-8", "TERM": "dumb", "TZ": "UTC",
            "PATH": f"{self.home}/.fake:{BIN}:/usr/local/bin:/usr/bin:/bin",
            "SANCTUM_LISTEN": f"127.0.0.1:{self.ports[1338]}", "SANCTUM_MTLS_LISTEN": f"127.0.0.1:{self.ports[1337]}",
            "XDG_CONFIG_HOME": f"{self.home}/.config", "FAKE_SYSTEMD": f"{self.home}/.fake/state",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        (self.home / ".fake" / "state").mkdir(parents=True)
        stand_in = self.home / ".fake" / "systemctl"
        shutil.copy(ROOT / "tests" / "chaos" / "fake_systemctl.py", stand_in)
        stand_in.chmod(0o700)
        (self.home / "red.png").write_bytes(pictures.plain("red"))
        copy_model(self.home / "models" / "qwen3")
        tiny_llama.hugging_face(self.home / "models" / "base")
        add_other_programs_models(self.home)
        self._download(DOWNLOADED)

    def _download(self, name):
        """As huggingface_hub lays it down: a snapshot of links into blobs."""
        repository = self.home / ".cache" / "huggingface" / "hub" / ("models--" + name.replace("/", "--"))
        copy_model(repository / "blobs")
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text("0123abcd")
        snapshot = repository / "snapshots" / "0123abcd"
        snapshot.mkdir(parents=True)
        for blob in (repository / "blobs").iterdir():
            (snapshot / blob.name).symlink_to(os.path.join("..", "..", "blobs", blob.name))

    def as_here(self, text):
        """A command of a page, with the ports of this sandbox."""
        return re.sub(r"\b(" + "|".join(map(str, self.ports)) + r")\b", lambda port: str(self.ports[int(port[1])]), text)

    def as_documented(self, text):
        """What a command printed, as a page shows it."""
        for documented, here in self.ports.items():
            text = re.sub(rf"\b{here}\b", str(documented), text)
        text = text.replace(f" --url http://127.0.0.1:{DEFAULT_PORT} ", " ")  # as at the default port
        return varying_masked(text.replace(str(self.home), HOME_SHOWN).replace(self.hub.url, HUB_SHOWN))

    def remove(self):
        self.hub.close()
        shutil.rmtree(self.home, ignore_errors=True)


def varying_masked(text):
    lines = text.splitlines()
    for pattern, shown in VARYING:
        lines = [pattern.sub(shown, line) for line in lines]
    return "\n".join(lines)
