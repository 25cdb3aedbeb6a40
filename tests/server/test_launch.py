"""`sanctum launch`: what an agent is told, by a program in its place."""

import json
import os
import subprocess

import pytest

from programs import program

AGENTS = ["aider", "claude", "codex", "goose", "opencode", "qwen"]
# Says what it was told instead of doing anything.
IN_ITS_PLACE = """#!/bin/sh
exec python3 -c 'import json, os, sys; print(json.dumps({"words": sys.argv[1:], "environment": dict(os.environ)}))' "$@"
"""


@pytest.fixture
def installed(tmp_path):
    """A directory with programs of the agents' names."""
    place = tmp_path / "bin"
    place.mkdir()
    for name in AGENTS:
        (place / name).write_text(IN_ITS_PLACE)
        (place / name).chmod(0o755)
    return place


def launch(server, *words, path="", code=0):
    environment = {"PATH": f"{path}:{os.environ['PATH']}" if path else "/usr/bin:/bin", "HOME": str(server.state_dir), "ANTHROPIC_API_KEY": "the person's own"}
    ended = run_with(environment, "launch", *words, "--url", server.url, "--state-dir", str(server.state_dir))
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended


def run_with(environment, *words):
    return subprocess.run([program("sanctum"), *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("agent", AGENTS)
def test_each_is_told_where_it_is_and_which_model(server, installed, agent):
    ended = launch(server, agent, "--anyway", path=installed)
    told = json.loads(ended.stdout)
    everything = json.dumps(told)
    assert server.url in everything and "sanctum-smoke" in everything
    assert "with sanctum-smoke, " in ended.stderr and server.url in ended.stderr


def test_a_model_may_go_by_another_name(server, installed):
    told = json.loads(launch(server, "codex", "--anyway", "--model", "openai/sanctum-smoke", path=installed).stdout)
    assert any("sanctum-smoke" in word and "openai/sanctum-smoke" not in word for word in told["words"])
    launch(server, "codex", "--model", "nobody", path=installed, code=2)


def test_its_own_words_come_behind_ours(server, installed):
    told = json.loads(launch(server, "codex", "--anyway", path=installed).stdout)
    more = json.loads(run_with({"PATH": f"{installed}:{os.environ['PATH']}", "HOME": str(server.state_dir)}, "launch", "codex", "--anyway", "--url", server.url,
                               "--state-dir", str(server.state_dir), "--", "exec", "--flag", "two words").stdout)
    assert more["words"] == told["words"] + ["exec", "--flag", "two words"]


def test_the_persons_own_key_goes_nowhere(server, installed):
    told = json.loads(launch(server, "claude", "--anyway", path=installed).stdout)["environment"]
    assert told["ANTHROPIC_API_KEY"] == "" and told["ANTHROPIC_BASE_URL"] == server.url
    assert told["ANTHROPIC_AUTH_TOKEN"]


def test_what_is_printed_is_a_command(server, installed):
    printed = launch(server, "opencode", "--print").stdout
    told = json.loads(subprocess.run(["sh", "-c", printed], env={"PATH": f"{installed}:{os.environ['PATH']}"}, capture_output=True, text=True, timeout=60).stdout)
    assert json.loads(told["environment"]["OPENCODE_CONFIG_CONTENT"])["model"] == "sanctum/sanctum-smoke"


def test_a_context_that_is_too_short_is_said(server, installed):
    ended = launch(server, "claude", path=installed, code=1)
    assert "its first request alone takes about 20000 tokens" in ended.stderr and ended.stdout == ""


def test_an_agent_that_is_not_there_is_told_how_to_come(server):
    assert "npm install -g @openai/codex" in launch(server, "codex", "--anyway", code=2).stderr


def test_an_agent_that_nobody_knows(server):
    ended = launch(server, "claud", code=2)
    assert "there is no agent 'claud'" in ended.stderr and "claude" in ended.stderr


def test_no_file_is_changed(server, installed, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    for agent in AGENTS:
        ended = run_with({"PATH": f"{installed}:{os.environ['PATH']}", "HOME": str(home)}, "launch", agent, "--anyway", "--url", server.url)
        assert ended.returncode == 0, ended.stderr
    assert list(home.rglob("*")) == []


def test_an_agents_own_flag_is_shown_its_place():
    ended = run_with({"PATH": "/usr/bin:/bin"}, "launch", "claude", "-p", "hi")
    assert ended.returncode == 2 and "sanctum launch AGENT -- -p" in ended.stderr, ended.stderr
