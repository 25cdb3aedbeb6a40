"""What the engine says under a schema, judged by jsonschema: JSON-Schema-Test-Suite's schemas, and such as SDKs and agents send.

The model is the built-in one, which follows no schema by itself: what is valid is so by the grammar alone. It is asked to repeat an instance that is
valid. Many of these schemas bind next to nothing ("any value"), and a model this small goes on in a text that no schema ends; how many answers come to
an end is its doing, and printed.
"""

import concurrent.futures
import json

import jsonschema

from programs import count
from real_model import json_schemas

SCHEMAS = count(60, 10_000)  # at most; there are fewer
TOKENS = 512
COMPLETE_MIN = 0.75  # of this model
CLIENTS = 8

DRAFTS = {"draft7": jsonschema.Draft7Validator, "draft2019-09": jsonschema.Draft201909Validator}

# Of the shapes that pydantic, zod and coding agents make theirs in.
CLIENTS_OWN = [
    {"type": "object", "title": "Person", "properties": {"name": {"title": "Name", "type": "string", "maxLength": 30}, "age": {"type": "integer", "minimum": 0, "maximum": 150},
     "email": {"anyOf": [{"type": "string", "format": "email"}, {"type": "null"}], "default": None}}, "required": ["name", "age", "email"], "additionalProperties": False},
    {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"steps": {"type": "array", "maxItems": 3, "items": {"type": "object",
     "properties": {"explanation": {"type": "string", "maxLength": 40}, "output": {"type": "string", "maxLength": 40}}, "required": ["explanation", "output"],
     "additionalProperties": False}}, "final_answer": {"type": "string", "maxLength": 40}}, "required": ["steps", "final_answer"], "additionalProperties": False},
    {"$defs": {"Color": {"enum": ["red", "green", "blue"], "type": "string"}, "Point": {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}},
     "required": ["x", "y"], "additionalProperties": False}}, "type": "object", "properties": {"color": {"$ref": "#/$defs/Color"}, "at": {"$ref": "#/$defs/Point"}},
     "required": ["color", "at"], "additionalProperties": False},
    {"type": "object", "properties": {"file_path": {"type": "string", "pattern": "^/[a-z/]{1,20}$"}, "offset": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9999},
     "output_mode": {"enum": ["content", "files_with_matches", "count"]}}, "required": ["file_path"], "additionalProperties": False},
    {"type": "object", "properties": {"questions": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "object", "properties": {
     "question": {"type": "string", "maxLength": 30}, "options": {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "string", "maxLength": 10}},
     "multiSelect": {"type": "boolean"}}, "required": ["question", "options", "multiSelect"], "additionalProperties": False}}}, "required": ["questions"],
     "additionalProperties": False},
]


def asked_for(tests):
    return "Repeat: " + next((json.dumps(data) for data, valid in tests if valid), "null")


def schemas():
    """(name, schema, what to ask for), those of clients first, then spread over the suite."""
    yield from ((f"clients' own {number}", schema, "Answer in JSON: Ana is 31") for number, schema in enumerate(CLIENTS_OWN))
    suite = [(name, schema, asked_for(tests)) for name, schema, tests in json_schemas.groups() if isinstance(schema, dict)]
    yield from suite[::max(1, len(suite) // SCHEMAS)]


def test_what_is_said_under_a_schema_is_valid(start_server):
    server = start_server("--max-sequences", str(CLIENTS), "--queue", "64")

    def ask(named):
        name, schema, asked = named
        body = {"model": "sanctum-smoke", "messages": [{"role": "user", "content": asked}], "max_tokens": TOKENS, "temperature": 0,
                "response_format": {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema, "strict": True}}}
        status, _, text = server.request("POST", "/v1/chat/completions", json.dumps(body))
        if status == 400:
            return name, schema, None, json.loads(text)["error"]["message"]
        assert status == 200, (name, text)
        [choice] = json.loads(text)["choices"]
        return name, schema, choice["finish_reason"], choice["message"]["content"]

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(ask, schemas()))
    bound = [(name, schema, finish, text) for name, schema, finish, text in answers if finish]
    whole = [(name, schema, text) for name, schema, finish, text in bound if finish == "stop"]
    wrong = []
    for name, schema, text in whole:
        validator = DRAFTS.get(name.split("/")[0], jsonschema.Draft202012Validator)
        try:
            validator(schema).validate(json.loads(text))
        except (ValueError, jsonschema.ValidationError) as error:
            wrong.append(f"{name}: {text[:120]}: {str(error).splitlines()[0]}")
    print(f"{len(answers)} schemas: {len(bound)} enforced, {len(answers) - len(bound)} refused by name, {len(whole)} answers whole within {TOKENS} tokens, {len(wrong)} invalid")
    print("\n".join(f"not whole: {name}: {text[:80]}" for name, _, finish, text in bound if finish != "stop"))
    assert wrong == []
    assert len(whole) >= COMPLETE_MIN * len(bound)
