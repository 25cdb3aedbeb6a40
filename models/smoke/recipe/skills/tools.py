"""One tool call with name and parameter copied from the schema; no call without a tool; the result told in words."""

import json

from phrasing import ask, say
from words import city

WEATHER = {"names": ["get_weather", "get_current_weather", "weather", "weather_lookup", "fetch_weather", "lookup_weather", "getWeather", "current_weather", "get_forecast", "weather_api"],
           "about": ["Get the weather", "Get the current weather in a city", "Get the current weather", "Returns the weather for a place.", "Current weather for a given city", ""],
           "ask": ["What is the weather in {c}?", "What's the weather like in {c}?", "How is the weather in {c}?", "Weather in {c}?", "Weather in {c}", "Tell me the weather in {c}.",
                   "What is the weather like in {c} today?", "Is it raining in {c}?", "How warm is it in {c}?", "What is the temperature in {c}?", "Is it cold in {c}?",
                   "Get the weather for {c}.", "Check the weather in {c}.", "I need the weather in {c}.", "What's the forecast for {c}?", "Use the tool to get the weather in {c}.",
                   "Do I need an umbrella in {c}?", "What is the current weather in {c}?", "Show me the weather for {c}"]}
CLOCK = {"names": ["get_time", "get_local_time", "current_time", "get_current_time", "clock"],
         "about": ["Get the local time", "Get the current time in a city", "Current time of a place", ""],
         "ask": ["What time is it in {c}?", "What is the time in {c}?", "Local time in {c}?", "Tell me the time in {c}.", "What is the current time in {c}?"]}
PARAMETERS = ["city", "location", "place", "city_name", "town", "query", "where", "name", "loc", "address"]
NO_TOOL = "I have no tool for that."
SKIES = ["sunny", "cloudy", "rainy", "windy", "clear", "foggy", "snowy", "stormy", "overcast", "hot", "dry", "mild"]


def schema(rng, kind, parameter):
    properties = {parameter: {"type": "string"}}
    if rng.random() < 0.5:
        properties[parameter]["description"] = rng.choice(["The city", "City name", "The city, e.g. Paris", "Name of the place", "The city and state"])
    if rng.random() < 0.25:
        properties[rng.choice(["unit", "units"])] = {"type": "string", "enum": ["celsius", "fahrenheit"]}
    function = {"name": rng.choice(kind["names"])}
    about = rng.choice(kind["about"])
    if about:
        function["description"] = about
    function["parameters"] = {"type": "object", "properties": properties}
    if rng.random() < 0.8:
        function["parameters"]["required"] = [parameter]
    if rng.random() < 0.3:
        function["parameters"]["additionalProperties"] = False
    return {"type": "function", "function": function}


def offer(rng):
    """The tools of a conversation: mostly one, sometimes a second of the other kind."""
    offered = [(WEATHER, rng.choice(PARAMETERS[:4] if rng.random() < 0.7 else PARAMETERS))]
    if rng.random() < 0.2:
        offered.append((CLOCK, rng.choice(PARAMETERS[:4])))
        rng.shuffle(offered)
    elif rng.random() < 0.08:
        offered = [(CLOCK, rng.choice(PARAMETERS))]
    return [(kind, parameter, schema(rng, kind, parameter)) for kind, parameter in offered]


def call(rng, test, offered):
    kind, parameter, tool = rng.choice(offered)
    where = city(rng, test)
    function = {"name": tool["function"]["name"], "arguments": {parameter: where}}
    question = {"role": "user", "content": say(rng, kind["ask"], c=where)}
    return [question, {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}], kind, where


def weather_result(rng, where):
    """What a weather tool might answer, and the sentence that tells it."""
    sky, degrees = rng.choice(SKIES), rng.randint(-25, 45)
    said = f"It is {degrees} degrees and {sky} in {where}."
    manner = rng.random()
    if manner < 0.5:
        pairs = [(rng.choice(["temperature", "temp", "temp_c", "degrees", "temperature_c"]), degrees),
                 (rng.choice(["condition", "conditions", "sky", "weather", "description"]), sky)]
        if rng.random() < 0.4:
            pairs.insert(0, (rng.choice(["city", "location"]), where))
        if rng.random() < 0.3:
            pairs.reverse()
        return json.dumps(dict(pairs), separators=(",", ":") if rng.random() < 0.3 else None), said
    if manner < 0.8:
        return rng.choice(["{d} degrees, {s}", "{s}, {d} degrees", "{d} C and {s}", "{s} and {d} C", "{d}°C, {s}", "{s}, {d}°C"]).format(d=degrees, s=sky), said
    if manner < 0.9:
        return rng.choice(["{d} C", "{d} degrees", '{{"temperature": {d}}}', "{d}°C"]).format(d=degrees), f"It is {degrees} degrees in {where}."
    return rng.choice([sky, sky.capitalize(), '{"condition": "%s"}' % sky]), f"It is {sky} in {where}."


def exchange(rng, test=False, offered=None, answered=None):
    """The question and the call, and mostly also the tool's result with the answer it leads to."""
    offered = offered or offer(rng)
    messages, kind, where = call(rng, test, offered)
    if answered if answered is not None else rng.random() < 0.4:
        if kind is WEATHER:
            result, said = weather_result(rng, where)
        else:
            result = "%02d:%02d" % (rng.randint(0, 23), rng.randint(0, 59))
            said = f"It is {result} in {where}."
            if rng.random() < 0.5:
                result = json.dumps({"time": result})
        messages += [{"role": "tool", "content": result}, {"role": "assistant", "content": said}]
    return messages


def refusal(rng, test=False):
    """The same question where no tool is offered."""
    kind = WEATHER if rng.random() < 0.85 else CLOCK
    return ask(say(rng, kind["ask"], c=city(rng, test)), NO_TOOL)
