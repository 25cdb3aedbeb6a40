import anthropic
from calls import HELLO, KEY, MODEL, PIXEL, SEES, SUNNY, URL, WEATHER, call, main, refused, said
from pydantic import BaseModel

client = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0)
TOOL = {"name": "get_weather", "input_schema": WEATHER}


class Person(BaseModel):
    name: str
    age: int


def create(content="SAY-HELLO", **more):
    return client.messages.create(**{"model": MODEL, "max_tokens": 200, "messages": said(content), **more})


@call
def messages_create():
    answer = create()
    assert answer.content[0].text == HELLO and answer.stop_reason == "end_turn"


@call
def messages_stream():
    with client.messages.stream(model=MODEL, max_tokens=200, messages=said("SAY-HELLO")) as stream:
        assert "".join(stream.text_stream) == HELLO and stream.get_final_message().usage.output_tokens > 0


@call
def messages_raw_stream():
    kinds = [event.type for event in create(stream=True)]
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop"


@call
async def messages_async():
    async with anthropic.AsyncAnthropic(base_url=URL, api_key=KEY, max_retries=0) as client:
        assert (await client.messages.create(model=MODEL, max_tokens=200, messages=said("SAY-HELLO"))).content[0].text == HELLO


@call
def by_bearer_token():
    other = anthropic.Anthropic(base_url=URL, auth_token=KEY, api_key=None, max_retries=0)
    assert other.messages.create(model=MODEL, max_tokens=9, messages=said("SAY-HELLO")).content


@call
def system_of_blocks_with_cache_control():
    create(system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}])


@call
def stop_sequence():
    answer = create(stop_sequences=["from"])
    assert answer.stop_reason == "stop_sequence" and answer.stop_sequence == "from"


@call
def max_tokens():
    assert create(max_tokens=2).stop_reason == "max_tokens"


@call
def a_picture():
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    create([picture, {"type": "text", "text": "What is it?"}], model=SEES, max_tokens=3)


@call
def a_tool():
    answer = create("THE-WEATHER", tools=[TOOL])
    assert answer.stop_reason == "tool_use" and answer.content[-1].input == {"city": "Paris"}


@call
def a_tool_that_must_be_called():
    assert create("THE-WEATHER", tools=[TOOL], tool_choice={"type": "any", "disable_parallel_tool_use": True}).stop_reason == "tool_use"


@call
def a_named_tool():
    assert create("THE-WEATHER", tools=[TOOL], tool_choice={"type": "tool", "name": "get_weather"}).stop_reason == "tool_use"


@call
def a_tools_result():
    answer = create("THE-WEATHER", tools=[TOOL])
    result = {"type": "tool_result", "tool_use_id": answer.content[-1].id, "content": "sunny"}
    history = [*said("THE-WEATHER"), {"role": "assistant", "content": answer.content}, {"role": "user", "content": [result]}]
    assert create(messages=history, tools=[TOOL]).content[0].text == SUNNY


@anthropic.beta_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return "sunny in " + city


def run_tools(**more):
    return client.beta.messages.tool_runner(model=MODEL, max_tokens=200, messages=said("THE-WEATHER"), tools=[get_weather], **more).until_done()


@call
def a_tool_runner():
    assert run_tools(thread=False).content[0].text == SUNNY


@refused("thread=False")
def a_tool_runner_over_a_thread():
    run_tools()


@call
def a_structure():
    answer = client.messages.parse(model=MODEL, max_tokens=200, messages=said("PERSON-JSON"), output_format=Person)
    assert answer.parsed_output == Person(name="Ada", age=36)


@call
def count_tokens():
    assert client.messages.count_tokens(model=MODEL, messages=said("SAY-HELLO")).input_tokens > 0


@call
def models_list():
    assert MODEL in [model.id for model in client.models.list()]


@refused("404")
def batches():
    client.messages.batches.create(requests=[{"custom_id": "a", "params": {"model": MODEL, "max_tokens": 5, "messages": said("hi")}}])


@refused("max_tokens")
def max_tokens_of_zero():
    create(max_tokens=0)


main()
