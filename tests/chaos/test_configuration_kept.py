"""What is configured is read once: a crash starts what ran, a planned restart what is configured by then, and a probe says meanwhile what would become of it."""

import http.client
import json
import os
import signal
import socket
import subprocess

import pytest

import tiny_gguf
from programs import program, wait_until
from sanctum_server import Server
from test_gateway_death import serves

KV_BYTES = 2 << 20


class OverSocket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("sanctum")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def control(server, method, path, body=None):
    connection = OverSocket(server.state_dir / "control.sock")
    connection.request(method, path, body=json.dumps(body) if body is not None else None, headers={"Content-Type": "application/json"})
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, text


def sanctum(server, *words):
    return subprocess.run([program("sanctum"), *words, "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=300)


def room(server):
    return server.client().models.list().data[0].max_model_len


@pytest.fixture
def configured(tmp_path):
    """A server with a file of settings."""
    file = tmp_path / "sanctum.toml"
    file.write_text(f"kv_bytes = {KV_BYTES}\nmax_sequences = 3\n")
    server = Server(tmp_path / "state", "--config", str(file), "--boots-every-s", "86400", "--boots-again-s", "86400")
    yield server.start(), file
    server.stop()


def kill_gateway(server):
    gateway = server.gateway_pid()
    os.kill(gateway, signal.SIGKILL)
    wait_until(lambda: server.gateway_pid() != gateway and serves(server), 120, "the next gateway serves")


def test_a_crash_starts_what_ran_and_a_restart_what_is_configured_by_then(configured):
    server, file = configured
    before = room(server)
    file.write_text("kv_bytes = 'half an edi")
    kill_gateway(server)
    assert room(server) == before

    told = sanctum(server, "probe", "boots")
    assert told.returncode == 1 and f"{file}:1" in told.stdout, told.stdout + told.stderr
    refused = sanctum(server, "restart")
    assert refused.returncode == 1 and f"{file}:1" in refused.stderr
    assert "{" not in refused.stderr, "a person reads it"

    file.write_text(f"kv_bytes = {2 * KV_BYTES}\nmax_sequences = 3\n")
    assert sanctum(server, "probe", "boots").returncode == 0
    gateway, url = server.gateway_pid(), server.url
    assert sanctum(server, "restart").returncode == 0
    wait_until(lambda: server.gateway_pid() != gateway and serves(server), 120, "it serves again")
    assert room(server) > 1.9 * before and server.url == url
    wait_until(lambda: server.log().count("probes_started") >= 2, 60, "the probes have the new settings too")
    assert "probes_gone" not in server.log()


def test_no_name_of_a_probe_is_a_command(configured):
    """A newline in it was one: the keeper reads lines."""
    server, _ = configured
    gateway = server.gateway_pid()
    status, said = control(server, "POST", "/probes/run", {"probe": "x\nrestart"})
    assert status == 400 and "there is no probe" in said
    assert json.loads(said)["error"]["param"] == "probe"
    # A line that was told before is heard before this one's effect.
    assert sanctum(server, "probe", "boots").returncode == 0
    assert server.gateway_pid() == gateway and "planned_restart" not in server.log()


def test_a_planned_restart_keeps_a_gguf_file_as_it_was_imported(tmp_path):
    """An import takes as long as it takes, and the keeper has nobody to do it while it keeps."""
    file = tiny_gguf.write(tmp_path / "tiny.gguf")
    server = Server(tmp_path / "state", "smoke", str(file), "--boots-every-s", "86400", "--boots-again-s", "86400").start()

    def answer():
        return server.client().completions.create(model="tiny", prompt="Hi", max_tokens=8, temperature=0).choices[0].text

    try:
        before = answer()
        tiny_gguf.write(file, seed=2)
        gateway = server.gateway_pid()
        restarted = sanctum(server, "restart")
        assert restarted.returncode == 0, restarted.stderr
        wait_until(lambda: server.gateway_pid() != gateway and serves(server), 120, "it serves again")
        wait_until(lambda: "tiny" in [model.id for model in server.client().models.list().data], 60, "the model is loaded")
        assert answer() == before
        assert "is imported by a start alone" in server.log()
    finally:
        server.stop()
