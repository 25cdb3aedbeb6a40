"""An agent's next turn: its prompt is the one before, the answer, and a little more. Only that little is computed, also by models
whose layers do not all remember every token."""

import json
import random

import pytest

from tiny_families import FAMILIES, family

PROMPT_TOKENS, ANSWER_TOKENS, ADDED_TOKENS = 16_000, 40, 300
COMPUTED_SHARE_MAX = 0.05


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    from sanctum_server import Server

    root = tmp_path_factory.mktemp("turns")
    server = Server(root / "state", *(family(name, root) for name in FAMILIES), "--probes", "off")
    yield server.start()
    server.stop()


@pytest.mark.parametrize("architecture", FAMILIES)
def test_the_second_turn_of_a_long_prompt_computes_a_twentieth_at_most(architecture, served):
    dice = random.Random(5)
    prompt = [dice.randrange(20, 1000) for _ in range(PROMPT_TOKENS)]

    def turn(tokens):
        question = {"model": architecture, "prompt": tokens, "max_tokens": ANSWER_TOKENS, "temperature": 0, "ignore_eos": True}
        return json.loads(served.request("POST", "/v1/completions", json.dumps(question))[2])

    first = turn(prompt)
    assert first["usage"]["completion_tokens"] == ANSWER_TOKENS
    again = [*prompt, *(dice.randrange(20, 1000) for _ in range(ADDED_TOKENS))]
    usage = turn(again)["usage"]
    computed = usage["prompt_tokens"] - usage["prompt_tokens_details"]["cached_tokens"]
    share = computed / usage["prompt_tokens"]
    assert ADDED_TOKENS <= computed and share <= COMPUTED_SHARE_MAX
