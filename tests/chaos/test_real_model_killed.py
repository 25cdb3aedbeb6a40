"""A real model under load and under `kill -9` in mid-sentence: every answer is the one it gives alone.

On real weights a row's neighbours would show, if they changed anything, within a few words.
"""

import json
import random
import subprocess

import pytest
from streams import Clients, expected_answers, say

from programs import count, program, wait_until
from sanctum_server import Server

STRESS_SECONDS = count(2, 60)
KILLS = count(3, 42)
CLIENTS = 6
TOKENS_BETWEEN_KILLS_MAX = 200  # of all streams together
RECOVERY_SECONDS_MAX = 60
TOKENS = 40  # of an answer

QUESTIONS = [
    {"messages": say("Tell me a short story about a lighthouse."), "temperature": 0},
    {"messages": say("Why is the sky blue?"), "temperature": 1.0, "seed": 5, "extra_body": {"ignore_eos": True}},
    {"messages": say("Write a poem about the sea and the night."), "temperature": 0.8, "seed": 6, "top_p": 0.9, "frequency_penalty": 0.5, "logprobs": True,
     "top_logprobs": 2, "extra_body": {"repetition_penalty": 1.1, "ignore_eos": True}},
    {"messages": say("List ten animals."), "temperature": 0, "stop": ["\n7."]},
    {"messages": say("Schreibe einen Satz auf Deutsch, dann einen auf Russisch."), "temperature": 1.5, "seed": 7, "extra_body": {"min_p": 0.02, "ignore_eos": True}},
]
QUESTIONS = [{"max_tokens": TOKENS, **question} for question in QUESTIONS]


@pytest.fixture(scope="module")
def served(real_model, tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("real"), str(real_model))
    running.start()
    yield running
    running.stop()


def test_under_load_it_answers_as_it_does_alone(served):
    command = [program("sanctum"), "stress", "--reference", "solo", "--url", served.url, "--duration", f"{STRESS_SECONDS}s", "--workers", "4", "--json"]
    run = subprocess.run(command, capture_output=True, text=True)  # the test's own limit is the only one: every question is asked alone first
    told = json.loads(run.stdout)
    assert (run.returncode, told["verdict"]) == (0, "PASS"), run.stdout
    assert told["different"] == 0 and told["compared"] > 0, run.stdout
    print(f"{told['compared']} answers under load, none different")


def test_killed_in_mid_sentence_it_says_what_it_says_alone(served, figures):
    client = served.client()
    model = client.models.list().data[0].id
    expected = expected_answers(client, model, QUESTIONS)
    dice = random.Random(2)
    restarts = served.status()["engine"]["restarts"]
    with Clients(served, model, expected, CLIENTS, QUESTIONS) as clients:
        for _ in range(KILLS):
            enough = clients.heard + dice.randint(1, TOKENS_BETWEEN_KILLS_MAX)
            wait_until(lambda enough=enough: clients.heard >= enough, RECOVERY_SECONDS_MAX, "the streams go on")
            killed = served.kill_engine()
            wait_until(lambda killed=killed: served.engines() not in ([], [killed]), RECOVERY_SECONDS_MAX, "another engine runs")
    figures.note(f"kill -9 of a real model's engine, {KILLS} times, {CLIENTS} streams", "0 failed, 0 different", clients.told())
    assert not clients.failed and not clients.wrong
    assert clients.right >= CLIENTS
    assert served.status()["engine"]["restarts"] >= restarts + KILLS
