"""Anthropic's Messages, with its own client and by hand."""

import json
import re

import anthropic
import pytest

import pictures
from programs import wait_until

SECONDS_MAX = 60
WEATHER = {"name": "get_weather", "description": "Get the current weather in a city",
           "input_schema": {"type": "object", "properties": {"city": {"type": "string", "maxLength": 12}}, "required": ["city"], "additionalProperties": False}}


@pytest.fixture(scope="module")
def claude(server):
    return anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0)


def say(text):
    return [{"role": "user", "content": text}]


def test_an_answer(claude, model):
    answer = claude.messages.create(model=model, max_tokens=40, extra_body={"temperature": 0}, messages=say("What is 17 + 25?"))
    assert answer.content[0].type == "text" and "42" in answer.content[0].text
    assert answer.stop_reason == "end_turn" and answer.usage.output_tokens > 0


def test_a_stream_is_the_same(claude, model):
    asked = dict(model=model, max_tokens=40, extra_body={"temperature": 0}, system="Be brief.", messages=say("What is 17 + 25?"))
    whole = claude.messages.create(**asked)
    with claude.messages.stream(**asked) as stream:
        text = "".join(stream.text_stream)
        last = stream.get_final_message()
    assert text == whole.content[0].text and last.stop_reason == whole.stop_reason
    assert last.usage.input_tokens + last.usage.cache_read_input_tokens == whole.usage.input_tokens + whole.usage.cache_read_input_tokens


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}], ids=["any", "named"])
def test_a_tool_that_must_be_called_is(claude, model, choice):
    answer = claude.messages.create(model=model, max_tokens=200, messages=say("The weather?"), tools=[WEATHER], tool_choice=choice)
    calls = [block for block in answer.content if block.type == "tool_use"]
    assert calls and answer.stop_reason == "tool_use", answer
    for call in calls:
        assert call.name == "get_weather" and set(call.input) == {"city"} and isinstance(call.input["city"], str)


def test_a_result_goes_on(claude, model):
    history = say("The weather in Rome?") + [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Rome"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "sunny"}]}]},
        {"role": "system", "content": "Answer in one word."}]
    assert claude.messages.create(model=model, max_tokens=20, messages=history, tools=[WEATHER]).stop_reason


def test_a_picture_is_seen(claude, model):
    url = pictures.data_url(pictures.plain("red", (64, 64)))
    kind, data = url.removeprefix("data:").split(";base64,")
    content = [{"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}, {"type": "text", "text": "What colour is it?"}]
    answer = claude.messages.create(model=model, max_tokens=20, extra_body={"temperature": 0}, messages=[{"role": "user", "content": content}])
    assert "red" in answer.content[0].text.lower()


def test_what_the_cache_had_is_counted_apart(claude, model):
    asked = dict(model=model, max_tokens=2, messages=say("word " * 700))
    total = claude.messages.create(**asked).usage
    again = claude.messages.create(**asked).usage
    assert again.cache_read_input_tokens >= 512
    assert again.input_tokens + again.cache_read_input_tokens == total.input_tokens + total.cache_read_input_tokens


def test_a_billing_header_spoils_no_prefix(claude, model):
    def ask(hash_):
        system = [{"type": "text", "text": f"x-anthropic-billing-header: cch={hash_};"}, {"type": "text", "text": "rule " * 700}]
        return claude.messages.create(model=model, max_tokens=2, system=system, messages=say("hi")).usage
    ask("a1")
    usage = ask("b2")
    assert usage.cache_read_input_tokens >= 0.7 * (usage.input_tokens + usage.cache_read_input_tokens), usage


def test_errors_are_its_own(server, claude, model):
    with pytest.raises(anthropic.BadRequestError) as wrong:
        claude.messages.create(model=model, max_tokens=5, messages=say("x"), extra_body={"temperature": 3})
    assert wrong.value.body["type"] == "error" and wrong.value.body["error"]["type"] == "invalid_request_error"
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.create(model="nobody/knows", max_tokens=5, messages=say("x"))
    with pytest.raises(anthropic.BadRequestError) as long:
        claude.messages.create(model=model, max_tokens=5, messages=say("word " * 8000))
    told = re.search(r"prompt is too long[^0-9]*([0-9]+) tokens > ([0-9]+) maximum", str(long.value))  # Claude Code reads both
    assert told and int(told[1]) > int(told[2]), str(long.value)


def test_an_engines_death_is_not_seen_in_a_stream(start_server):
    server = start_server("--probes", "off", environment={"SANCTUM_FAULT": "slow:20"})
    claude = anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0)
    asked = dict(model=claude.models.list().data[0].id, max_tokens=60, messages=say("Tell me something."), extra_body={"temperature": 1})
    with claude.messages.stream(**asked) as stream:
        events = []
        for event in stream:
            events.append(event.type)
            if events.count("content_block_delta") == 3:
                server.kill_engine()
    assert events[-1] == "message_stop" and events.count("message_start") == 1


def test_a_keep_alive_is_a_ping(server):
    body = {"max_tokens": 2, "stream": True, "messages": say("hi")}
    status, _, text = server.request("POST", "/v1/messages", json.dumps(body).encode())
    assert status == 200 and "event: ping\ndata: {\"type\":\"ping\"}" in text, text


def test_tokens_are_counted_as_they_are_used(claude, model):
    asked = dict(model=model, system="Be brief.", messages=say("What is 17 + 25?"), tools=[WEATHER])
    counted = claude.messages.count_tokens(**asked).input_tokens
    used = claude.messages.create(**asked, max_tokens=1).usage
    assert counted == used.input_tokens + used.cache_read_input_tokens
