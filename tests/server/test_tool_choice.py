"""Tools that must be called, and calls that are bound to their schema."""

import json

import jsonschema
import pytest

SCHEMA = {"type": "object", "additionalProperties": False, "required": ["city"],
          "properties": {"city": {"enum": ["Rome", "Oslo"]}, "days": {"type": "integer", "minimum": 1, "maximum": 9}}}
OTHER = {"type": "object", "additionalProperties": False, "properties": {}}


def tool(name, schema, **more):
    return {"type": "function", "function": {"name": name, "parameters": schema, **more}}


TOOLS = [tool("weather", SCHEMA, strict=True), tool("stop", OTHER)]


def ask(server, seed=1, **fields):
    body = {"messages": [{"role": "user", "content": "The weather?"}], "tools": TOOLS, "temperature": 1, "max_tokens": 200, "seed": seed, **fields}
    status, _, text = server.request("POST", "/v1/chat/completions", json.dumps(body).encode())
    return status, json.loads(text)


def calls(server, seed=1, **fields):
    status, answer = ask(server, seed, **fields)
    assert status == 200, answer
    choice = answer["choices"][0]
    assert choice["finish_reason"] == "tool_calls", choice
    return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in choice["message"]["tool_calls"]]


@pytest.mark.parametrize("seed", range(4))
def test_required_is_a_call_of_one_of_them(server, seed):
    for name, arguments in calls(server, seed, tool_choice="required"):
        jsonschema.validate(arguments, {"weather": SCHEMA, "stop": OTHER}[name])


@pytest.mark.parametrize("name", ["weather", "stop"])
def test_a_named_one_is_called(server, name):
    assert {called for called, _ in calls(server, tool_choice={"type": "function", "function": {"name": name}})} == {name}


def test_allowed_ones_alone_are_called(server):
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "stop"}}]}}
    assert {called for called, _ in calls(server, tool_choice=allowed)} == {"stop"}


def test_one_call_alone_where_no_others_may_stand_beside_it(server):
    for seed in range(3):
        assert len(calls(server, seed, tool_choice="required", parallel_tool_calls=False)) == 1


def test_none_is_no_call(server):
    status, answer = ask(server, tool_choice="none", max_tokens=20)
    assert status == 200 and not answer["choices"][0]["message"].get("tool_calls")


def test_what_a_strict_tool_cannot_have_enforced_is_refused(server):
    odd = {"type": "object", "properties": {"a": {"type": "object", "propertyNames": {"pattern": "^a"}}}}
    status, answer = ask(server, tools=[tool("odd", odd, strict=True)], tool_choice="required")
    assert status == 400 and "propertyNames" in answer["error"]["message"], answer
    assert ask(server, tools=[tool("odd", odd)], tool_choice="auto", max_tokens=5)[0] == 200
