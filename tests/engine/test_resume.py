"""An answer cut anywhere and gone on with by another engine: what follows is what would have followed, to the last logprob."""

import random

import pytest

import pictures
from engine_process import ANSWER_SECONDS_MAX, Refused, picture_part
from programs import count

CUTS = count(5, 100)
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Current weather in a city",
                                            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}


def user(content):
    return {"messages": [{"role": "user", "content": content}]}


REQUESTS = {
    "greedy": {**user("Count from 1 to 30."), "sampling": {"temperature": 0, "top_logprobs": 2}},
    "sampled": {**user("Count from 1 to 30."), "sampling": {"temperature": 1.3, "top_p": 0.95, "top_logprobs": 0, "max_tokens": 80, "ignore_eos": True}},
    "penalties": {**user("Count from 1 to 30."), "sampling": {"temperature": 0.8, "repetition_penalty": 1.1, "presence_penalty": 0.4, "frequency_penalty": 0.6,
                                                             "top_logprobs": 1, "max_tokens": 80, "ignore_eos": True}},
    "stop string": {**user("Count from 1 to 30."), "sampling": {"temperature": 0, "stop": [", 21, 2"]}},
    "stop token never met": {**user("Count from 1 to 30."), "sampling": {"temperature": 0, "stop": ["31, 32"], "max_tokens": 70}},
    "pieces of characters": {"prompt": "1, 2,", "sampling": {"temperature": 2.0, "max_tokens": 80, "ignore_eos": True}},
    "tool call": {**user("What is the weather in Paris?"), "tools": [WEATHER], "parse_tool_calls": True, "sampling": {"temperature": 0, "max_tokens": 96}},
    "picture": {**user([picture_part(pictures.plain("blue", (40, 40))), {"type": "text", "text": "What color is this?"}]), "sampling": {"temperature": 0}},
    "cut short": {**user("Count from 1 to 30."), "sampling": {"temperature": 0, "max_tokens": 20}},
}


def ask(engine, request, **more):
    """Always by the same name: the ids of tool calls come of it."""
    sampling = {"seed": 11, **request["sampling"]}
    told, ended = len(engine.heard("tokens")), len(engine.heard("completed"))
    engine.call("generate", request="r", model="m", **{**request, "sampling": sampling}, **more)
    done = engine.wait(lambda: engine.heard("completed")[ended:], "the answer's end", ANSWER_SECONDS_MAX)[0]
    return [row for frame in engine.heard("tokens")[told:] for row in frame["rows"]], done


def joined(rows, done):
    """All that the rows and the last word told: text, tool calls and logprobs."""
    rows = rows + ([done["last"]] if "last" in done else [])
    calls = {}
    for call in (call for row in rows for call in row.get("tool_calls", [])):
        of = calls.setdefault(call["index"], {"id": "", "name": "", "arguments": ""})
        for key in of:
            of[key] += call.get(key, "")
    return {"text": "".join(row.get("content", "") for row in rows), "calls": calls, "ids": [token for row in rows for token in row.get("ids", [])],
            "logprobs": [position for row in rows for position in row.get("logprobs", [])]}


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_cut_answer_goes_on(loaded_engine, kind):
    engine, request = loaded_engine, REQUESTS[kind]
    rows, done = ask(engine, request)
    assert len(rows) >= 2
    cuts = {len(rows), len(rows) - 1, *random.Random(kind).sample(range(1, len(rows)), min(CUTS, len(rows) - 1))}
    for cut in sorted(cuts):
        said = [token for row in rows[:cut] for token in row["ids"]]
        more, ended = ask(engine, request, resume_ids=said)
        assert joined(more, ended) == joined(rows[cut:], done), f"after {cut} of {len(rows)} rows"
        for key in ("finish_reason", "stop_string"):
            assert ended.get(key) == done.get(key), f"after {cut} of {len(rows)} rows"
        for key in ("prompt_tokens", "completion_tokens", "image_tokens"):
            assert ended["usage"][key] == done["usage"][key], f"after {cut} of {len(rows)} rows"


def test_what_cannot_be_gone_on_with_is_refused(loaded_engine):
    request = {**user("hi"), "sampling": {"max_tokens": 4, "seed": 1}}
    for said, why in [([1] * 5, "resume_ids"), ([1 << 29], "resume_ids")]:
        with pytest.raises(Refused) as refused:
            loaded_engine.call("generate", request="r", model="m", **request, resume_ids=said)
        assert refused.value.data["field"].startswith(why)
    with pytest.raises(Refused) as refused:
        loaded_engine.call("generate", request="r", model="m", **user("hi"), sampling={"max_tokens": 4}, resume_ids=[1])
    assert "seed" in refused.value.text
