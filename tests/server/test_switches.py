"""Kill switches: each takes its part out of a running server, at once, and stays as it was left."""

import concurrent.futures
import json
import subprocess

import openai
import pytest

from pictures import about, circle, data_url
from programs import BUILT_IN, program, wait_until

PREFIX = "Remember these numbers: " + " ".join(str(number) for number in range(120)) + ". Count from 1 to 3."


def turn(server, *arguments):
    result = subprocess.run([program("sanctum"), "switch", *arguments, "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    return dict(line.split() for line in result.stdout.splitlines())


def ask(server, content, **options):
    return server.client().chat.completions.create(model=BUILT_IN, messages=[{"role": "user", "content": content}], temperature=0, max_tokens=16, **options)


def cached(server):
    ask(server, PREFIX)
    return ask(server, PREFIX).usage.prompt_tokens_details.cached_tokens


def test_prefix_cache(own_server):
    assert cached(own_server) > 0
    assert turn(own_server, "prefix-cache", "off")["prefix-cache"] == "OFF"
    wait_until(lambda: own_server.engine_stats()["prefix_bytes"] == 0, 30, "what was kept is let go")
    assert cached(own_server) == 0
    turn(own_server, "prefix-cache", "on")
    assert cached(own_server) > 0


def test_vision(own_server):
    picture = about(data_url(circle("red")))[0]["content"]
    assert "red" in ask(own_server, picture).choices[0].message.content.lower()
    turn(own_server, "vision", "off")
    with pytest.raises(openai.APIStatusError, match="switched off") as refused:
        ask(own_server, picture)
    assert refused.value.status_code == 503 and "image_url" in refused.value.body["param"]
    assert ask(own_server, "What is 2 + 3?").choices[0].message.content
    assert own_server.request("GET", "/ready")[0] == 200, "nobody asks for a proof that it sees"
    turn(own_server, "vision", "on")
    assert "red" in ask(own_server, picture).choices[0].message.content.lower()


def most_at_once(server):
    """How many sequences ran together, of eight that were asked for together."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask, server, f"Count from {number} to 60.", extra_body={"ignore_eos": True, "max_tokens": 300}) for number in range(8)]
        most = 0
        while not all(answer.done() for answer in answers):
            most = max(most, server.engine_stats()["running"])
    return most


def test_batching(own_server):
    turn(own_server, "batching", "off")
    assert most_at_once(own_server) == 1
    turn(own_server, "batching", "on")
    assert most_at_once(own_server) > 1


def test_admission(start_server):
    server = start_server("--max-sequences", "1", "--queue", "0", "--probes", "off")

    def refused():
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = [pool.submit(ask, server, "Count from 1 to 60.", extra_body={"max_tokens": 200}) for _ in range(6)]
        return sum(isinstance(answer.exception(), openai.RateLimitError) for answer in answers)

    assert refused() > 0
    turn(server, "admission", "off")
    assert refused() == 0


def test_compile(own_server):
    assert own_server.engine_stats()["switches"]["compile"]
    turn(own_server, "compile", "off")
    wait_until(lambda: not own_server.engine_stats()["switches"]["compile"], 30, "the engine has heard")
    assert ask(own_server, "What is 2 + 3?").choices[0].message.content


def test_a_switch_stays_as_it_was_left(own_server):
    turn(own_server, "vision", "off")
    own_server.kill_engine()
    wait_until(lambda: own_server.request("GET", "/ready")[0] == 200, 60, "the next engine is ready")
    assert not own_server.engine_stats()["switches"]["vision"]
    assert turn(own_server)["vision"] == "OFF"
    assert json.loads((own_server.state_dir / "switches.json").read_text())["vision"] is False


def test_what_is_no_switch(own_server):
    result = subprocess.run([program("sanctum"), "switch", "visions", "off", "--state-dir", str(own_server.state_dir)], capture_output=True, text=True, timeout=30)
    assert result.returncode == 2 and "vision" in result.stderr + result.stdout
