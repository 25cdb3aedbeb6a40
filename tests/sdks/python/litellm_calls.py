import litellm
from calls import BASE, HELLO, KEY, MODEL, PERSON, PICTURE, SEES, SUNNY, URL, WEATHER, call, main, refused, said

litellm.telemetry = False
litellm.num_retries = 0
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}
HERE = {"api_base": BASE, "api_key": KEY}


def complete(content="SAY-HELLO", model="openai/" + MODEL, **more):
    return litellm.completion(**{"model": model, "messages": said(content), **HERE, **more})


@call
def completion():
    assert complete().choices[0].message.content == HELLO


@call
def completion_stream():
    assert "".join(event.choices[0].delta.content or "" for event in complete(stream=True) if event.choices) == HELLO


@call
async def acompletion():
    answer = await litellm.acompletion(model="openai/" + MODEL, messages=said("SAY-HELLO"), **HERE)
    assert answer.choices[0].message.content == HELLO


@call
def completion_hosted_vllm():
    assert complete(model="hosted_vllm/" + MODEL).choices[0].message.content == HELLO


@call
def completion_anthropic():
    assert complete(model="anthropic/" + MODEL, api_base=URL).choices[0].message.content == HELLO


@call
def completion_tools():
    assert complete("THE-WEATHER", tools=[TOOL], tool_choice="required").choices[0].message.tool_calls[0].function.name == "get_weather"


@call
def completion_json_schema():
    form = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}}
    assert '"Ada"' in complete("PERSON-JSON", response_format=form).choices[0].message.content


@call
def completion_a_picture():
    complete([{"type": "image_url", "image_url": {"url": PICTURE}}, {"type": "text", "text": "What is it?"}], model="openai/" + SEES, max_tokens=3)


@call
def text_completion():
    litellm.text_completion(model="text-completion-openai/" + MODEL, prompt="Once", max_tokens=3, **HERE)


@call
def responses():
    assert litellm.responses(model="openai/" + MODEL, input="SAY-HELLO", **HERE).output[-1].content[0].text == HELLO


@call
async def anthropic_messages():
    answer = await litellm.anthropic.messages.acreate(model="anthropic/" + MODEL, max_tokens=200, messages=said("SAY-HELLO"), api_base=URL, api_key=KEY)
    assert answer["content"][0]["text"] == HELLO


@call
def a_tools_result():
    asked = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    history = [*said("THE-WEATHER"), {"role": "assistant", "content": None, "tool_calls": [asked]}, {"role": "tool", "tool_call_id": "c1", "content": "sunny"}]
    assert complete(messages=history, tools=[TOOL]).choices[0].message.content == SUNNY


@refused("'n'")
def completion_several_answers():
    complete(n=2)


@refused("")
def embedding():
    litellm.embedding(model="openai/" + MODEL, input=["hi"], **HERE)


main()
