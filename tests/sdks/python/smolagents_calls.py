from calls import BASE, HELLO, KEY, MODEL, PERSON, call, main
from smolagents import OpenAIServerModel, ToolCallingAgent, tool


@tool
def get_weather(city: str) -> str:
    """The weather of a city.

    Args:
        city: its name
    """
    return "sunny in " + city


def model():
    return OpenAIServerModel(MODEL, api_base=BASE, api_key=KEY)


def said(words):
    return [{"role": "user", "content": [{"type": "text", "text": words}]}]


@call
def generate():
    assert model().generate(said("SAY-HELLO")).content == HELLO


@call
def generate_stream():
    assert "".join(piece.content or "" for piece in model().generate_stream(said("SAY-HELLO"))) == HELLO


@call
def generate_with_tools():
    asked = model().generate(said("THE-WEATHER"), tools_to_call_from=[get_weather])
    assert asked.tool_calls[0].function.name == "get_weather"


@call
def generate_a_structure():
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}}
    assert "Ada" in model().generate(said("PERSON-JSON"), response_format=form).content


@call
def an_agent():
    assert ToolCallingAgent(tools=[get_weather], model=model(), max_steps=2, verbosity_level=0).run("FINISH-WITH-42") == "42"


main()
