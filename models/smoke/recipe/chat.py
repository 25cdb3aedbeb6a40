"""The chat form in Python: the same text as chat_template.jinja (evaluate.py compares the two), faster."""

import json

IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"
ANSWER_START = "<|im_start|>assistant\n"


def content_text(content):
    if isinstance(content, str):
        return content
    return "".join(IMAGE if part["type"] in ("image", "image_url") else part.get("text", "") for part in content)


def call_text(call):
    function = call["function"]
    arguments = function["arguments"]
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return '<tool_call>\n{"name": "%s", "arguments": %s}\n</tool_call>' % (function["name"], arguments)


def answer_text(message):
    parts = [message["content"]] if message.get("content") else []
    return "\n".join(parts + [call_text(call) for call in message.get("tool_calls", ())])


def tool_text(tool, compact):
    return json.dumps(tool, ensure_ascii=False, separators=(",", ":") if compact else None)


def pieces(messages, tools=None, compact=False, prompt=False):
    """Yield (text, learned): the conversation in pieces, learned where the model is to write it itself."""
    system = messages[0]["content"] if messages[0]["role"] == "system" else None
    if tools:
        head = content_text(system) + "\n\n" if system is not None else ""
        listed = "".join("\n" + tool_text(tool, compact) for tool in tools)
        yield f"<|im_start|>system\n{head}# Tools\n<tools>{listed}\n</tools><|im_end|>\n", False
    elif system is not None:
        yield f"<|im_start|>system\n{content_text(system)}<|im_end|>\n", False
    for at, message in enumerate(messages):
        role = message["role"]
        if role == "assistant":
            yield ANSWER_START, False
            yield answer_text(message) + "<|im_end|>", not message.get("given")
            yield "\n", False
        elif role == "tool":
            if messages[at - 1]["role"] != "tool":
                yield "<|im_start|>user", False
            yield f"\n<tool_response>\n{content_text(message['content'])}\n</tool_response>", False
            if at + 1 == len(messages) or messages[at + 1]["role"] != "tool":
                yield "<|im_end|>\n", False
        elif role == "user" or at > 0:
            yield f"<|im_start|>{role}\n{content_text(message['content'])}<|im_end|>\n", False
    if prompt:
        yield ANSWER_START, False


def text(messages, **options):
    return "".join(piece for piece, _ in pieces(messages, **options))
