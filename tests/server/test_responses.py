"""OpenAI's Responses, with the official client."""

import json

import openai
import pytest

import pictures

TOOL = {"type": "function", "name": "get_weather", "strict": True, "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "maxLength": 12}}, "required": ["city"], "additionalProperties": False}}


def test_an_answer(server, model):
    answer = server.client().responses.create(model=model, input="What is 17 + 25?", temperature=0, max_output_tokens=40, store=False)
    assert "42" in answer.output_text and answer.status == "completed" and answer.usage.output_tokens > 0


def test_a_stream_is_the_same(server, model):
    asked = dict(model=model, input="What is 17 + 25?", instructions="Be brief.", temperature=0, max_output_tokens=40)
    whole = server.client().responses.create(**asked)
    types, text = [], ""
    with server.client().responses.stream(**asked) as stream:
        for event in stream:
            types.append(event.type)
            text += event.delta if event.type == "response.output_text.delta" else ""
        last = stream.get_final_response()
    assert text == whole.output_text == last.output_text
    assert types[0] == "response.created" and types[-1] == "response.completed"


def test_a_call_and_its_output(server, model):
    client = server.client()
    answer = client.responses.create(model=model, input="The weather?", tools=[TOOL], tool_choice="required", max_output_tokens=200)
    [call] = [item for item in answer.output if item.type == "function_call"][:1]
    assert call.name == "get_weather" and set(json.loads(call.arguments)) == {"city"}
    again = client.responses.create(model=model, tools=[TOOL], max_output_tokens=10, input=[
        {"role": "user", "content": "The weather?"}, call.model_dump(exclude_none=True),
        {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}])
    assert again.status in ("completed", "incomplete")


def test_a_custom_tool_is_given_a_text(server, model):
    answer = server.client().responses.create(model=model, input="Patch it.", max_output_tokens=300, tools=[{"type": "custom", "name": "patch"}],
                                              tool_choice={"type": "custom", "name": "patch"}, parallel_tool_calls=False)
    [call] = [item for item in answer.output if item.type == "custom_tool_call"]
    assert call.name == "patch" and isinstance(call.input, str)


def test_a_tool_of_a_namespace_comes_back_by_its_name(server, model):
    space = {"type": "namespace", "name": "files", "description": "files", "tools": [{"type": "function", "name": "read", "parameters": {"type": "object", "properties": {}}}]}
    status, headers, text = server.request("POST", "/v1/responses", json.dumps({
        "model": model, "input": "Read.", "tools": [space, {"type": "web_search"}], "tool_choice": "required", "max_output_tokens": 100}).encode())
    assert status == 200 and headers["X-Sanctum-Ignored"] == "tools[].description, tools[] web_search", text
    call = json.loads(text)["output"][-1]
    assert (call["type"], call["namespace"], call["name"]) == ("function_call", "files", "read")


def test_a_schema_binds(server, model):
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 9}}, "required": ["n"], "additionalProperties": False}
    answer = server.client().responses.create(model=model, input="A number?", max_output_tokens=60,
                                              text={"format": {"type": "json_schema", "name": "n", "schema": schema, "strict": True}})
    assert 0 <= json.loads(answer.output_text)["n"] <= 9


def test_a_picture_is_seen(server, model):
    content = [{"type": "input_image", "image_url": pictures.data_url(pictures.plain("red", (64, 64)))}, {"type": "input_text", "text": "What colour is it?"}]
    answer = server.client().responses.create(model=model, temperature=0, max_output_tokens=20, input=[{"role": "user", "content": content}])
    assert "red" in answer.output_text.lower()


def test_input_tokens_are_counted(server, model):
    asked = {"model": model, "input": "What is 17 + 25?"}
    status, _, text = server.request("POST", "/v1/responses/input_tokens", json.dumps(asked).encode())
    used = server.client().responses.create(**asked, max_output_tokens=1).usage.input_tokens
    assert status == 200 and json.loads(text)["input_tokens"] == used


def test_errors_are_openais(server, model):
    with pytest.raises(openai.BadRequestError) as wrong:
        server.client().responses.create(model=model, input="x", temperature=3)
    assert wrong.value.body["param"] == "temperature"
    with pytest.raises(openai.BadRequestError) as long:
        server.client().responses.create(model=model, input="word " * 8000)
    assert long.value.body["code"] == "context_length_exceeded" and "exceeds the context window" in str(long.value)
    *_, last = server.client().responses.create(model=model, input="word " * 8000, stream=True)
    assert last.type == "response.failed" and last.response.error.code == "context_length_exceeded", "where Codex looks for it"
