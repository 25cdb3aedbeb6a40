"""A home whose cache our programs and huggingface_hub share, and a small model."""

import json
import os
import random
import struct
import subprocess
import sys

from programs import program

RUN_SECONDS_MAX = 90
NAME = "org/small"


def safetensors(bytes_, seed=1):
    """A whole file with one tensor."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [bytes_], "data_offsets": [0, bytes_]}}).encode()
    return struct.pack("<Q", len(header)) + header + random.Random(seed).randbytes(bytes_)


def small_model(**more):
    return {"config.json": b'{"model_type": "llama"}', "tokenizer.json": b"{}", "README.md": b"read me",
            "model.safetensors": safetensors(300_000), "pytorch_model.bin": b"not wanted", **more}


def read(snapshot):
    """{path: content} of a snapshot."""
    return {os.path.relpath(os.path.join(folder, file), snapshot): open(os.path.join(folder, file), "rb").read()
            for folder, _, files in os.walk(snapshot) for file in files}


class Home:
    """Where a person works: the cache is below it, and nothing of this machine's is seen."""

    def __init__(self, directory, hub):
        self.directory, self.hub = directory, hub
        self.cache = directory / ".cache" / "huggingface" / "hub"
        self.environment = {"HOME": str(directory), "PATH": "/usr/bin:/bin", "HF_ENDPOINT": hub.url, "LC_ALL": "C.UTF-8",
                            "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def start(self, *arguments, **options):
        words = [program("sanctum"), "models", *map(str, arguments)]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**self.environment, **options.pop("environment", {})}, **options)

    def run(self, *arguments, **options):
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=RUN_SECONDS_MAX)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def pull(self, *arguments, name=NAME, **options):
        """The snapshot, of a pull that has to succeed."""
        result = self.run("pull", name, *arguments, **options)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def huggingface(self, **arguments):
        """What snapshot_download of huggingface_hub returns, in a process of its own."""
        told = json.dumps({"repo_id": NAME, **arguments})
        code = f"import huggingface_hub, json; print(huggingface_hub.snapshot_download(**json.loads({told!r})))"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=True,
                              env={**self.environment, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}).stdout.strip()

    def repository(self, name=NAME):
        return self.cache / ("models--" + name.replace("/", "--"))

    def blob(self, digest, name=NAME):
        return self.repository(name) / "blobs" / digest

    def half_visible(self, name=NAME):
        """What of a download could be taken for a model."""
        return [str(path) for part in ("snapshots", "refs") for path in (self.repository(name) / part).rglob("*")]
