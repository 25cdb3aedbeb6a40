"""The exported model through mlx-vlm itself: the battery of ten, then some held-out cases a skill; also the template against chat.py.

Usage: check_mlx.py MODEL_FOLDER [CASES_A_SKILL]      (needs mlx-vlm, not torch)
"""

import base64
import io
import json
import random
import sys
from pathlib import Path

import mlx.core as mx
from mlx_vlm import generate, load
from PIL import Image

import chat
from conversations import WEIGHTS, single, with_system
from drawing import picture
from skills import pictures

KINDS = ["color", "shape_color", "background", "shape", "count", "describe", "repeat"]


def reply(model, processor, messages, tools=None, images=(), limit=600):
    prompt = processor.tokenizer.apply_chat_template(messages, tools=tools, add_generation_prompt=True, tokenize=False)
    assert prompt == chat.text(messages, tools=tools, prompt=True), "chat.py and chat_template.jinja differ:\n" + prompt
    result = generate(model, processor, prompt, image=list(images) or None, max_tokens=limit, temperature=0.0)
    return result.text.removesuffix("<|im_end|>")


def pictures_of(messages):
    for message in messages:
        for part in message["content"] if isinstance(message["content"], list) else ():
            if part["type"] == "image_url":
                yield Image.open(io.BytesIO(base64.b64decode(part["image_url"]["url"].split(",")[1])))


def as_expected(expect, said):
    if "tool" in expect:
        inner = said.removeprefix("<tool_call>\n").removesuffix("\n</tool_call>")
        try:
            return json.loads(inner) == expect["tool"]
        except ValueError:
            return False
    return said == expect["equals"] if "equals" in expect else expect["contains"] in said


def battery(model, processor, folder):
    right = 0
    for entry in json.loads((folder / "battery.json").read_text()):
        said = reply(model, processor, entry["messages"], entry.get("tools"), pictures_of(entry["messages"]), entry["max_tokens"])
        ok = as_expected(entry["expect"], said)
        right += ok
        print("ok   " if ok else "WRONG", entry["name"], json.dumps(said))
    print("battery", right, "of 10", flush=True)


def cases(rng, skill):
    if skill in WEIGHTS:
        made = single(rng, skill, test=True)
        messages = with_system(rng, made["messages"])
        at = max(i for i, m in enumerate(messages) if m["role"] == "assistant")
        return messages[:at], made.get("tools"), (), chat.answer_text(messages[at])
    image, labels = picture(rng, plain=0.4 if skill == "color" else 0.0)
    messages = pictures.exchange(rng, labels, skill)
    return messages[:-1], None, [image], messages[-1]["content"]


def main():
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10
    mx.random.seed(0)
    model, processor = load(str(folder))
    battery(model, processor, folder)
    for skill in list(WEIGHTS) + KINDS:
        rng, right = random.Random("mlx " + skill), 0
        for _ in range(count):
            messages, tools, images, expected = cases(rng, skill)
            said = reply(model, processor, messages, tools, images)
            right += said == expected
            if said != expected:
                print("     expected", json.dumps(expected)[:90], "said", json.dumps(said)[:90])
        print(f"{skill:14} {right} of {count}", flush=True)


if __name__ == "__main__":
    main()
