"""What the model says to the calls of the table: SANCTUM_SCRIPT's lines. All else of the engine is real."""

import json

HELLO = "Hello from the script."
SUNNY = "It is sunny in Paris."
PERSON = {"name": "Ada", "age": 36}


def call(name, arguments):
    return "<tool_call>\n" + json.dumps({"name": name, "arguments": arguments}) + "\n</tool_call>"


LINES = [  # the latest turn of a conversation first
    {"when": "<tool_response>", "say": SUNNY},
    {"when": "SAY-HELLO", "say": HELLO},
    {"when": "THE-WEATHER", "say": call("get_weather", {"city": "Paris"})},
    {"when": "TWO-CALLS", "say": "\n".join(call("get_weather", {"city": city}) for city in ("Paris", "Rome"))},
    {"when": "PERSON-JSON", "say": json.dumps(PERSON)},
    {"when": "PERSON-AS-JSON-CALL", "say": call("json", PERSON)},
    {"when": "PERSON-CALL", "say": call("Person", PERSON)},
    {"when": "PERSON-RESULT", "say": call("final_result", PERSON)},
    {"when": "HAND-OVER", "say": call("transfer_to_helper", {})},
    {"when": "FINISH-WITH-42", "say": call("final_answer", {"answer": "42"})},
    {"when": "RED-OR-BLUE", "say": "blue"},
]
