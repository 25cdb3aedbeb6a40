"""The same server in three dialects: questions whose answers are bound or free, texts, calls and pictures, and what a stream of each says."""

import json
import time

import jsonschema

import pictures

SCHEMA = {"type": "object", "additionalProperties": False, "required": ["name", "numbers"],
          "properties": {"name": {"type": "string", "minLength": 20, "maxLength": 40}, "numbers": {"type": "array", "minItems": 8, "maxItems": 12, "items": {"type": "integer", "minimum": 0, "maximum": 999}}}}
NAMED = {"name": "thing", "schema": SCHEMA, "strict": True}
PICTURE = pictures.data_url(pictures.plain("red", (64, 64)))
KIND, DATA = PICTURE.removeprefix("data:").split(";base64,")


def chat(text, **more):
    return "/v1/chat/completions", {"messages": [{"role": "user", "content": text}], "temperature": 1, "seed": 3, "max_tokens": 300, **more}


def messages(content, **more):
    return "/v1/messages", {"messages": [{"role": "user", "content": content}], "temperature": 0, "max_tokens": 300, **more}


def responses(question, **more):
    return "/v1/responses", {"input": question, "temperature": 0, "max_output_tokens": 300, **more}


# (path, body, whether its text is of SCHEMA)
QUESTIONS = [
    (*chat("Describe a thing.", response_format={"type": "json_schema", "json_schema": NAMED}), True),
    (*messages("Count from 1 to 40."), False),
    (*responses("Describe a thing.", text={"format": {"type": "json_schema", **NAMED}}), True),
    (*messages("A thing?", tools=[{"name": "thing", "input_schema": SCHEMA}], tool_choice={"type": "tool", "name": "thing", "disable_parallel_tool_use": True}), True),
    (*chat("Count from 3 to 40.", guided_regex="([0-9]{2} ){40}"), False),
    (*responses("A thing?", tools=[{"type": "function", "name": "thing", "parameters": SCHEMA, "strict": True}], tool_choice="required", parallel_tool_calls=False), True),
    (*messages([{"type": "image", "source": {"type": "base64", "media_type": KIND, "data": DATA}}, {"type": "text", "text": "What colour is it?"}]), False),
    (*chat("Count from 20 to 70.", temperature=2.0), False),
]


def events(response):
    """The JSON of each event of a stream, as it comes."""
    for line in response:
        if line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
            yield json.loads(line[6:])


def added(event):
    """What an event adds to the answer, whichever dialect it is of."""
    kind = event.get("type", "chat")
    if kind == "chat":
        for choice in event.get("choices", []):
            delta = choice["delta"]
            yield delta.get("content") or ""
            yield from (call["function"].get("arguments", "") for call in delta.get("tool_calls", []))
    elif kind == "content_block_delta":
        delta = event["delta"]
        yield delta.get("text") or delta.get("partial_json") or delta.get("thinking") or ""
    elif kind in ("response.output_text.delta", "response.function_call_arguments.delta"):
        yield event["delta"]


def ended(event):
    kind = event.get("type", "chat")
    if kind == "chat":
        return next((choice["finish_reason"] for choice in event.get("choices", []) if choice.get("finish_reason")), None)
    if kind == "message_delta":
        return event["delta"]["stop_reason"]
    return kind if kind in ("response.completed", "response.incomplete", "response.failed", "error") else None


def asker(server):
    """streams.answer() for these questions."""
    def ask(_, model, question, told=lambda: None):
        path, body, of_schema = question
        connection = server.connection()
        text, reasons, longest, last = "", [], 0.0, time.monotonic()
        try:
            connection.request("POST", path, json.dumps({"model": model, "stream": True, **body}), {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status != 200:
                raise RuntimeError(f"{path}: {response.status} {response.read()[:300]}")
            for event in events(response):
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
                told()
                text += "".join(added(event))
                reasons += [ended(event)] if ended(event) else []
        finally:
            connection.close()
        if of_schema:
            jsonschema.validate(json.loads(text), SCHEMA)
        return (text, reasons), longest
    return ask
