"""The calls of one SDK, each a function: what a person does with it, and what has to come of it.

    @call                     it answers, and the function's own assertions hold
    @refused("words")         the server refuses it, with these words in what the SDK raises
    main()                    runs them all, and prints a line of JSON for each
"""

import asyncio
import inspect
import json
import os
import sys
import traceback

from script import HELLO, SUNNY  # noqa: F401

URL = os.environ["SANCTUM_SDK_URL"]  # without /v1
BASE = URL + "/v1"
MODEL, SEES = "scripted", "sanctum-smoke"
KEY = "none"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
PICTURE = "data:image/png;base64," + PIXEL
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
PERSON = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"],
          "additionalProperties": False}
_calls = []


def call(function):
    _calls.append((function, None))
    return function


def refused(words):
    def register(function):
        _calls.append((function, words))
        return function
    return register


def said(content):
    return [{"role": "user", "content": content}]


def _run(function):
    made = function()
    if inspect.iscoroutine(made):
        asyncio.run(made)


def main():
    for function, words in _calls:
        name = function.__name__.replace("_", " ")
        try:
            _run(function)
            line = {"call": name, "came": "answered" if words is None else "wrong", "what": "" if words is None else "it was not refused"}
        except Exception as failure:  # whatever an SDK makes of a refusal
            text = " ".join(str(failure).split())
            well = words is not None and words in text
            line = {"call": name, "came": "refused" if well else "wrong", "what": text[:300]}
            if not well:
                traceback.print_exc(file=sys.stderr)
        print(json.dumps(line), flush=True)
