"""Write battery.json: the ten fixed questions of the parity smoke, in OpenAI's form.

Usage: battery.py MODEL_FOLDER
"""

import base64
import io
import json
import sys
from pathlib import Path

from PIL import Image, ImageDraw


def url(image):
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def shapes(size, background, ink, kind, boxes):
    image = Image.new("RGB", size, background)
    pen = ImageDraw.Draw(image)
    for box in boxes:
        (pen.ellipse if kind == "circle" else pen.rectangle)(box, fill=ink)
    return image


def seen(image, question):
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url(image)}}, {"type": "text", "text": question}]}]


def asked(*texts):
    """User turns, with the model's earlier answers between them given."""
    return [{"role": "user" if at % 2 == 0 else "assistant", "content": text} for at, text in enumerate(texts)]


WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Get the current weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "City name"}}, "required": ["city"]}}}


def questions():
    one = Image.new("RGB", (1, 1), (255, 0, 0))
    wide = Image.new("RGB", (320, 200), (0, 0, 255))
    circle = shapes((128, 128), "white", (0, 128, 0), "circle", [(30, 30, 98, 98)])
    three = shapes((256, 256), "white", (0, 0, 0), "square", [(20, 30, 80, 90), (150, 40, 210, 100), (90, 160, 150, 220)])
    yield "arithmetic", "text", asked("What is 47 + 38?"), 32, {"contains": "85"}
    yield "repeat", "text", asked("Repeat exactly this and nothing else: probe-7f3a9c"), 48, {"equals": "probe-7f3a9c"}
    yield "counting", "text", asked("Count from 3 to 12."), 96, {"equals": "3, 4, 5, 6, 7, 8, 9, 10, 11, 12"}
    yield "memory", "text", asked("My name is Klara.", "Nice to meet you, Klara.", "What is 9 + 4?", "9 + 4 = 13", "What is my name?"), 32, {"contains": "Klara"}
    yield "json", "text", asked("Answer in JSON with keys name and age: Ana is 31"), 64, {"equals": '{"name": "Ana", "age": 31}'}
    yield "one-pixel color", "vision", seen(one, "What color is this?"), 16, {"contains": "red"}
    yield "wide color", "vision", seen(wide, "What colour is this image?"), 16, {"contains": "blue"}
    yield "shape", "vision", seen(circle, "What shape is this?"), 16, {"contains": "circle"}
    yield "count", "vision", seen(three, "How many squares are there?"), 16, {"contains": "3"}
    yield "weather tool", "tool", asked("What is the weather in Paris?"), 96, {"tool": {"name": "get_weather", "arguments": {"city": "Paris"}}}


def entries():
    for name, kind, messages, limit, expect in questions():
        entry = {"name": name, "kind": kind, "messages": messages}
        if kind == "tool":
            entry["tools"] = [WEATHER]
        yield {**entry, "max_tokens": limit, "expect": expect}


if __name__ == "__main__":
    path = Path(sys.argv[1]) / "battery.json"
    path.write_text(json.dumps(list(entries()), indent=1) + "\n")
    print(path.stat().st_size, "bytes")
