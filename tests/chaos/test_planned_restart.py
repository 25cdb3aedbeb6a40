"""A planned restart: one end for each life, and nothing that it excuses for ever."""

import contextlib
import os
import shutil
import signal
import subprocess

import pytest

import processes
from programs import ROOT, SMOKE_MODEL, bound_by_rights, program, wait_until
from test_drain import Stream
from test_gateway_death import serves

SECONDS_MAX = 90
SOON = ("--alive-every-s", "1", "--alive-again-s", "1", "--alive-limit-s", "3", "--alive-act-after", "2", "--ready-timeout", "1")


def restart(server):
    asked = subprocess.run([program("sanctum"), "restart", "--no-wait", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert asked.returncode == 0, asked.stderr


def copied(path):
    shutil.copytree(SMOKE_MODEL, path)
    return path


@pytest.mark.parametrize("content", [b"{", None], ids=["damaged", "gone"])
def test_a_tokenizer_that_cannot_be_read_forbids_a_restart(start_server, tmp_path, content):
    """Weights alone were looked at: the server stopped, and could not load its only model."""
    model = copied(tmp_path / "only")
    server = start_server(str(model))
    file = model / "tokenizer.json"
    file.unlink()
    if content:
        file.write_bytes(content)
    asked = subprocess.run([program("sanctum"), "restart", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert asked.returncode == 1 and "it would not come up" in asked.stderr and "tokenizer.json" in asked.stderr, asked.stdout + asked.stderr
    assert serves(server)


def test_a_restart_that_loses_one_of_two_models_says_so(start_server, tmp_path):
    """It said `ready again` and ended with 0. Without probes, or their look at the weights may forbid it."""
    lost, kept = copied(tmp_path / "lost"), copied(tmp_path / "kept")
    server = start_server("--probes", "off", str(lost), str(kept), before=bound_by_rights())
    wait_until(lambda: all(model["state"] == "ready" for model in server.status()["models"]), SECONDS_MAX, "both are loaded")
    (lost / "model.safetensors").chmod(0)
    asked = subprocess.run([*bound_by_rights(), program("sanctum"), "restart", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert asked.returncode == 1 and "ready again" in asked.stdout and "'lost' was served before and could not be loaded: " in asked.stderr, asked.stdout + asked.stderr


def drains(server):
    wait_until(lambda: "stopping signal=15" in server.log(), SECONDS_MAX, "the gateway drains")


def ended_well(stream):
    said = stream.said()
    return said[-1] == "data: [DONE]"


@pytest.mark.parametrize("then", ["stop", "restart"])
def test_what_follows_a_planned_restart_cuts_nobody(start_server, then):
    """The second SIGTERM of a life meant "now", and was sent."""
    server = start_server("--probes", "off", environment={"SANCTUM_DRAIN": "120", "SANCTUM_FAULT": "slow:2"})
    stream = Stream(server, max_tokens=800)
    assert stream.spoke.wait(SECONDS_MAX)
    engine = server.engine_pid()
    os.kill(engine, signal.SIGSTOP)  # or the answer might be over first
    restart(server)
    drains(server)
    if then == "stop":
        server.process.send_signal(signal.SIGTERM)
    else:
        restart(server)
    with contextlib.suppress(ProcessLookupError):  # seen, and replaced
        os.kill(engine, signal.SIGCONT)
    assert ended_well(stream), server.log()[-2000:]
    if then == "stop":
        assert server.process.wait(SECONDS_MAX) == 0
    else:
        wait_until(lambda: serves(server), SECONDS_MAX, "the next gateway serves")
        assert server.log().count("planned_restart") == 1


def test_a_gateway_that_does_not_end_for_a_restart_is_ended(start_server):
    """It was planned, so that nobody looked."""
    server = start_server("--probes", "off", environment={"SANCTUM_DRAIN": "1"})
    stream = Stream(server)
    assert stream.spoke.wait(SECONDS_MAX)
    gateway = server.gateway_pid()
    restart(server)
    os.kill(gateway, signal.SIGSTOP)
    wait_until(lambda: server.gateway_pid() != gateway and serves(server), SECONDS_MAX, "another one serves")
    assert "gateway_hangs" in server.log()
    stream.said()


def test_a_gateway_that_hangs_after_a_restart_is_replaced(start_server, tmp_path):
    """Until models were proven, every failure was a planned one, for ever."""
    fails = tmp_path / "fails"
    engine = tmp_path / "engine"
    engine.write_text(f'#!/bin/sh\n[ -e {fails} ] && exit 78\nexec {program("sanctum-engine")} "$@"\n')
    engine.chmod(0o700)
    server = start_server("--engine", str(engine), *SOON, environment={"SANCTUM_DRAIN": "1"})
    wait_until(lambda: processes.probes_of(server.process.pid), SECONDS_MAX, "it is probed")
    before = server.gateway_pid()
    fails.touch()
    restart(server)
    wait_until(lambda: server.log().count("listening ") > 1, SECONDS_MAX, "the next gateway listens, and will not be ready")
    hung = server.gateway_pid()
    assert hung != before
    os.kill(hung, signal.SIGSTOP)
    fails.unlink()
    wait_until(lambda: server.gateway_pid() != hung and serves(server), SECONDS_MAX, "the one that hangs is replaced")
    assert "planned_restart_overdue" in server.log()


def test_a_restart_is_refused_for_what_is_wrong_now(start_server, tmp_path):
    """The probe's last verdict, minutes old, once let a server go down for good, and then kept one from its restart."""
    model = tmp_path / "model"
    shutil.copytree(ROOT / "models" / "smoke", model)
    server = start_server(str(model))
    ask = [program("sanctum"), "restart", "--state-dir", str(server.state_dir)]
    model.rename(tmp_path / "elsewhere")
    refused = subprocess.run(ask, capture_output=True, text=True, timeout=SECONDS_MAX)
    assert refused.returncode == 1 and str(model) in refused.stderr, refused.stderr
    assert serves(server)
    (tmp_path / "elsewhere").rename(model)
    restart(server)


def test_a_restart_is_refused_for_models_that_cannot_be_loaded(start_server, tmp_path):
    """Settings were asked for, what they name was not: the next start ended, and nobody served."""
    file, broken = tmp_path / "sanctum.toml", tmp_path / "broken"
    shutil.copytree(ROOT / "models" / "smoke", broken)
    (broken / "config.json").write_text('{"model_type": "unheard_of"}')
    file.write_text('models = ["smoke"]\n')
    server = start_server("--config", str(file))
    ask = [program("sanctum"), "restart", "--state-dir", str(server.state_dir)]
    file.write_text(f'models = ["{broken}"]\n')
    refused = subprocess.run(ask, capture_output=True, text=True, timeout=SECONDS_MAX)
    assert refused.returncode == 1 and "the models: " in refused.stderr and "unheard_of" in refused.stderr, refused.stderr
    assert serves(server)
    file.write_text(f'models = ["smoke", "{broken}"]\n')
    boots = subprocess.run([program("sanctum"), "probe", "boots", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert boots.returncode == 0 and "unheard_of" in boots.stdout, "one that loads is enough, and the other is named: " + boots.stdout
    restart(server)


def test_it_returns_when_the_server_is_back(start_server):
    """It returned at once, and the next command found nobody."""
    server = start_server()
    before = server.gateway_pid()
    asked = subprocess.run([program("sanctum"), "restart", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "ready again after " in asked.stdout.splitlines()[-1], asked.stdout
    assert server.gateway_pid() != before
    assert server.request("GET", "/ready")[0] == 200


def test_it_says_what_was_cut(start_server):
    """It ended well, and the answer that ran was lost without a word."""
    server = start_server("--probes", "off", "--drain", "0", "--max-sequences", "2")
    stream = Stream(server)
    assert stream.spoke.wait(SECONDS_MAX)
    os.kill(server.engine_pid(), signal.SIGSTOP)  # or the answer might be over first
    asked = subprocess.run([program("sanctum"), "restart", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=SECONDS_MAX)
    stream.said()
    assert "1 request may still run for 0 s" in asked.stdout and "ready again after" in asked.stdout, asked.stdout + asked.stderr
    assert asked.returncode == 1 and "1 request ran longer than the 0 s of --drain" in asked.stderr, asked.stderr
    shown = subprocess.run([program("sanctum"), "incidents", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert shown.returncode == 0 and "was cut" in shown.stdout, "over, and on record"


def test_another_drain_is_taken_too(start_server, tmp_path):
    """All else of the file was."""
    file = tmp_path / "sanctum.toml"
    file.write_text("drain_s = 120\n")
    server = start_server("--probes", "off", "--config", str(file), environment={"SANCTUM_DRAIN": ""})
    ask = [program("sanctum"), "restart", "--state-dir", str(server.state_dir)]
    file.write_text("drain_s = 0\n")
    assert subprocess.run(ask, capture_output=True, text=True, timeout=SECONDS_MAX).returncode == 0
    wait_until(lambda: serves(server), SECONDS_MAX, "the next gateway serves")
    stream = Stream(server)
    assert stream.spoke.wait(SECONDS_MAX)
    os.kill(server.engine_pid(), signal.SIGSTOP)
    stopped = subprocess.run([program("sanctum"), "stop", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=SECONDS_MAX)
    stream.said()
    assert stopped.returncode == 0 and "1 request ran longer than the 0 s of --drain" in stopped.stdout, stopped.stdout + stopped.stderr


def test_it_says_why_the_server_is_not_back(start_server, tmp_path):
    fails = tmp_path / "fails"
    engine = tmp_path / "engine"
    engine.write_text(f'#!/bin/sh\n[ -e {fails} ] && exit 78\nexec {program("sanctum-engine")} "$@"\n')
    engine.chmod(0o700)
    server = start_server("--engine", str(engine))
    fails.touch()
    asked = subprocess.run([program("sanctum"), "restart", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert asked.returncode == 1, asked.stdout + asked.stderr
    assert "78" in asked.stdout.splitlines()[-1], asked.stdout


def test_an_engine_that_makes_way_for_the_former_one_is_not_called_ready(start_server):
    server = start_server()
    asked = subprocess.run([program("sanctum"), "worker", "restart", "--engine", "/bin/true", "--state-dir", str(server.state_dir)],
                           capture_output=True, text=True, timeout=SECONDS_MAX)
    assert asked.returncode == 1 and "/bin/true: " in asked.stdout and "could not be kept running" in asked.stdout, asked.stdout
    assert serves(server), "with the former one"


def test_an_engine_that_comes_back_without_its_model_is_not_called_ready(start_server, tmp_path):
    """The engine was ready, and nothing was served any more."""
    model = tmp_path / "model"
    shutil.copytree(ROOT / "models" / "smoke", model)
    server = start_server(str(model))
    (model / "tokenizer.json").chmod(0o600)
    (model / "tokenizer.json").write_text("garbage")
    asked = subprocess.run([program("sanctum"), "worker", "restart", "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert asked.returncode == 1 and "'model' could not be loaded: " in asked.stdout, asked.stdout + asked.stderr


def test_a_server_that_starts_can_be_stopped(tmp_path):
    """Nothing served, it was said, and in a moment something did: the lock came after the look at the model."""
    engine, looked = tmp_path / "engine", tmp_path / "looked"
    engine.write_text(f'#!/bin/sh\necho $$ >{looked}.new; mv {looked}.new {looked}\nexec sleep 1000\n')
    engine.chmod(0o700)
    serving = subprocess.Popen([program("sanctum"), "serve", "--engine", engine, "--state-dir", tmp_path / "state", "--listen", "127.0.0.1:0", "--mtls-listen", "off"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "XDG_STATE_HOME": str(tmp_path)})
    wait_until(looked.exists, SECONDS_MAX, "it looks at the model")
    stopped = subprocess.run([program("sanctum"), "stop", "--state-dir", str(tmp_path / "state")], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert serving.wait(SECONDS_MAX) == 0, "as asked"
    assert not processes.alive(int(looked.read_text())), "nor is the model looked at any more"
    assert stopped.returncode == 0 and "yes the server's process is gone" in stopped.stdout, stopped.stdout + stopped.stderr
