"""Answers that are bound: each is whole and right, whatever the model would have said, alone, beside others and over an engine's death."""

import concurrent.futures
import json
import re

import jsonschema
import pytest

from programs import wait_until

SECONDS_MAX = 60
SCHEMA = {"type": "object", "additionalProperties": False, "required": ["name", "tags", "size"],
          "properties": {"name": {"type": "string", "maxLength": 12}, "tags": {"type": "array", "maxItems": 3, "items": {"enum": ["red", "blue"]}},
                         "size": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 99}, {"type": "null"}]}}}


def format_of(schema, strict=True):
    return {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema, "strict": strict}}


def ask(server, seed=1, **fields):
    body = {"messages": [{"role": "user", "content": "Describe a thing."}], "temperature": 1, "max_tokens": 300, "seed": seed, **fields}
    status, _, text = server.request("POST", "/v1/chat/completions", json.dumps(body).encode())
    return status, json.loads(text)


def said(server, seed=1, **fields):
    status, answer = ask(server, seed, **fields)
    assert status == 200, answer
    choice = answer["choices"][0]
    assert choice["finish_reason"] == "stop", choice
    return choice["message"]["content"]


@pytest.mark.parametrize("seed", range(4))
def test_a_schema_binds(server, seed):
    jsonschema.validate(json.loads(said(server, seed, response_format=format_of(SCHEMA, strict=seed % 2 == 0))), SCHEMA)


def test_an_object_is_any_object(server):
    status, answer = ask(server, response_format={"type": "json_object"}, max_tokens=400)
    text = answer["choices"][0]["message"]["content"]
    assert status == 200 and text.lstrip().startswith("{"), answer
    if answer["choices"][0]["finish_reason"] == "stop":
        assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("fields, pattern", [
    ({"guided_regex": "[a-c]{3}-[0-9]{2}"}, "[a-c]{3}-[0-9]{2}"), ({"structured_outputs": {"choice": ["yes", "no"]}}, "yes|no"),
    ({"guided_choice": ["é", "日本"]}, "é|日本"), ({"guided_grammar": 'start: "x" NUM\nNUM: /[0-9]{1,4}/'}, "x[0-9]{1,4}"),
    ({"guided_json": {"type": "boolean"}}, "true|false")], ids=["regex", "choice", "letters", "lark", "json"])
def test_the_other_spellings_bind(server, fields, pattern):
    for seed in range(3):
        assert re.fullmatch(pattern, said(server, seed, **fields))


def test_a_prompt_is_bound_too(server):
    body = {"prompt": "The answer is", "guided_choice": ["left", "right"], "max_tokens": 20}
    status, _, text = server.request("POST", "/v1/completions", json.dumps(body).encode())
    assert status == 200 and json.loads(text)["choices"][0]["text"] in ("left", "right"), text


@pytest.mark.parametrize("fields, word", [
    ({"response_format": format_of({"type": "object", "propertyNames": {"pattern": "^a"}})}, "propertyNames"),
    ({"response_format": format_of({"not": {"type": "string"}})}, "not"), ({"guided_regex": "("}, "regex"), ({"guided_grammar": "start: what"}, "what")])
def test_what_cannot_be_enforced_is_refused_by_name(server, fields, word):
    status, answer = ask(server, **fields)
    assert status == 400 and word in answer["error"]["message"], answer


def test_masks_beside_the_steps_of_mlx_bind_as_well(start_server):
    """They are computed by threads of their own there."""
    server = start_server("--kernels", "mlx")
    with concurrent.futures.ThreadPoolExecutor(4) as together:
        for text in together.map(lambda seed: said(server, seed, response_format=format_of(SCHEMA)), range(8)):
            jsonschema.validate(json.loads(text), SCHEMA)


def test_neighbours_change_nothing(server):
    """Each as it is alone: bound ones and free ones."""
    kinds = [{"response_format": format_of(SCHEMA)}, {"guided_regex": "[a-z]{30}"}, {}, {"guided_choice": ["a", "b", "c"]}]
    asked = [(seed, kinds[seed % len(kinds)]) for seed in range(12)]

    def text(one):
        return ask(server, one[0], max_tokens=60, **one[1])[1]["choices"][0]["message"]["content"]
    alone = [text(one) for one in asked]
    with concurrent.futures.ThreadPoolExecutor(len(asked)) as together:
        assert list(together.map(text, asked)) == alone


def test_an_engines_death_is_not_seen_in_it(start_server):
    """The grammar's state is had again from what was said."""
    server = start_server("--probes", "off", environment={"SANCTUM_FAULT": "slow:20"})
    fields = {"response_format": format_of({"type": "string", "minLength": 40, "maxLength": 60})}
    alone = said(server, **fields)
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        again = beside.submit(said, server, **fields)
        wait_until(lambda: server.engine_stats()["running"] == 1, SECONDS_MAX, "it is being said")
        server.kill_engine()
        assert again.result() == alone
    assert 40 <= len(json.loads(alone)) <= 60


def test_what_binds_is_named_as_it_was_sent_with_the_reason(server):
    for fields, words in (({"guided_regex": "(?=a)b"}, "look-around"), ({"guided_regex": "("}, "unclosed group"), ({"guided_grammar": "start: nobody"}, "nobody")):
        status, answer = ask(server, **fields)
        assert status == 400 and answer["error"]["param"] in fields and words in answer["error"]["message"], answer


def test_a_tool_that_cannot_be_enforced_is_named(server):
    def tool(name, strict):
        schema = {"type": "object", "properties": {}, "propertyNames": {"pattern": "a"}, "additionalProperties": False}
        return {"type": "function", "function": {"name": name, "parameters": schema, "strict": strict}}
    status, answer = ask(server, tools=[tool("fine", False), tool("odd", True)])
    assert status == 400 and "'odd'" in answer["error"]["message"] and "propertyNames" in answer["error"]["message"], answer
    assert answer["error"]["param"] == "tools"


def ignored(server, **fields):
    body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 2, **fields}
    status, headers, text = server.request("POST", "/v1/chat/completions", json.dumps(body).encode())
    return status, headers.get("X-Sanctum-Ignored", ""), text


def test_what_an_answer_is_not_bound_by_is_named(server, start_server):
    odd = {"type": "function", "function": {"name": "odd", "parameters": {"type": "object", "propertyNames": {"pattern": "a"}}}}
    assert ignored(server, tools=[odd])[:2] == (200, "not enforced: propertyNames")
    status, named, _ = ignored(server, reasoning_effort="high", chat_template_kwargs={"zork": 1})
    assert status == 200 and named.split(", ") == ["not in the template: zork", "not in the template: reasoning_effort"], named
    strict = start_server("--strict-fields", "on")
    status, _, text = ignored(strict, tools=[odd])
    assert status == 400 and "propertyNames" in text, text


def test_llama_cpps_spelling_of_a_schema(server):
    jsonschema.validate(json.loads(said(server, response_format={"type": "json_object", "schema": SCHEMA})), SCHEMA)


@pytest.mark.parametrize("fields", [
    {"response_format": format_of({"allOf": [{"type": "integer", "multipleOf": 65557}, {"type": "integer", "multipleOf": 65563}]})},
    {"guided_grammar": "start: A\nA: " + " & ".join(f"/(a{{{length}}})*/" for length in (101, 103, 107, 109, 113, 127))}], ids=["multiples", "counts"])
def test_what_explodes_ends_in_a_process_of_its_own(server, fields):
    """A grammar of a few letters whose compiling takes minutes and gigabytes: it is refused, and the engine serves on."""
    engine = server.engine_pid()
    status, answer = ask(server, **fields)
    assert status == 400 and "compiling it may take" in answer["error"]["message"], answer
    assert server.engine_pid() == engine
