import openai
from calls import BASE, HELLO, KEY, MODEL, PERSON, PICTURE, SEES, SUNNY, URL, WEATHER, call, main, refused, said
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

client = OpenAI(base_url=BASE, api_key=KEY, max_retries=0)
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}
FLAT = {"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": True}


class Person(BaseModel):
    name: str
    age: int


def chat(content="SAY-HELLO", **more):
    return client.chat.completions.create(**{"model": MODEL, "messages": said(content), **more})


def text(answer):
    return answer.choices[0].message.content


def weather(answer, choices=1):
    calls = answer.choices[0].message.tool_calls
    assert len(calls) == choices and calls[0].function.name == "get_weather" and '"Paris"' in calls[0].function.arguments, calls


@call
def models_list():
    assert MODEL in [model.id for model in client.models.list()]


@call
def models_retrieve():
    assert client.models.retrieve(MODEL).id == MODEL


@call
def chat_create():
    answer = chat()
    assert text(answer) == HELLO and answer.usage.total_tokens > 0 and answer.system_fingerprint


@call
def chat_stream():
    assert "".join(event.choices[0].delta.content or "" for event in chat(stream=True) if event.choices) == HELLO


@call
def chat_stream_include_usage():
    *_, last = chat(stream=True, stream_options={"include_usage": True})
    assert last.usage.completion_tokens > 0 and not last.choices


@call
def chat_stream_helper():
    with client.chat.completions.stream(model=MODEL, messages=said("SAY-HELLO")) as stream:
        assert any(event.type == "content.delta" for event in stream)
        assert text(stream.get_final_completion()) == HELLO


@call
async def chat_async():
    async with AsyncOpenAI(base_url=BASE, api_key=KEY, max_retries=0) as client:
        assert text(await client.chat.completions.create(model=MODEL, messages=said("SAY-HELLO"))) == HELLO


@call
def chat_with_raw_response():
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=said("SAY-HELLO"), service_tier="auto")
    assert text(raw.parse()) == HELLO and "service_tier" in raw.headers.get("x-sanctum-ignored", "service_tier")


@call
def chat_with_every_sampling_field():
    chat(temperature=0.5, top_p=0.9, seed=1, max_tokens=4, frequency_penalty=0.1, presence_penalty=0.1, stop=["x"], logit_bias={"5": -1})


@call
def chat_max_completion_tokens():
    assert chat(max_completion_tokens=2).choices[0].finish_reason == "length"


@call
def chat_logprobs():
    assert len(chat(logprobs=True, top_logprobs=3, max_tokens=2).choices[0].logprobs.content[0].top_logprobs) == 3


@call
def chat_hints():
    chat(user="me", store=False, metadata={"a": "b"}, prompt_cache_key="k", safety_identifier="s", service_tier="auto", verbosity="low")


@call
def chat_roles():
    chat(messages=[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "SAY-HELLO"}], "name": "a"}])


@call
def chat_an_answer_without_content_in_the_history():
    chat(messages=[*said("hi"), {"role": "assistant", "content": None}, *said("SAY-HELLO")])


@call
def chat_broken_arguments_in_the_history():
    broken = {"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": '}}
    chat(messages=[*said("hi"), {"role": "assistant", "tool_calls": [broken]}, {"role": "tool", "tool_call_id": "c", "content": "no"}], tools=[TOOL])


@call
def chat_a_picture():
    chat([{"type": "image_url", "image_url": {"url": PICTURE}}, {"type": "text", "text": "What is it?"}], model=SEES, max_tokens=3)


@call
def tools_auto():
    weather(chat("THE-WEATHER", tools=[TOOL]))


@call
def tools_stream():
    pieces = [one for event in chat("THE-WEATHER", tools=[TOOL], stream=True) for one in event.choices[0].delta.tool_calls or []]
    assert pieces[0].function.name == "get_weather" and "Paris" in "".join(one.function.arguments or "" for one in pieces)


@call
def tools_strict():
    weather(chat("THE-WEATHER", tools=[{"type": "function", "function": {**TOOL["function"], "strict": True}}]))


@call
def tools_from_pydantic():
    answer = client.chat.completions.parse(model=MODEL, messages=said("PERSON-CALL"), tools=[openai.pydantic_function_tool(Person)])
    assert answer.choices[0].message.tool_calls[0].function.parsed_arguments == Person(name="Ada", age=36)


@call
def tools_required():
    weather(chat("THE-WEATHER", tools=[TOOL], tool_choice="required"))


@call
def tools_named():
    weather(chat("THE-WEATHER", tools=[TOOL], tool_choice={"type": "function", "function": {"name": "get_weather"}}))


@call
def tools_none():
    assert text(chat(tools=[TOOL], tool_choice="none")) == HELLO


@call
def tools_allowed():
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "get_weather"}}]}
    weather(chat("THE-WEATHER", tools=[TOOL], tool_choice={"type": "allowed_tools", "allowed_tools": allowed}))


@call
def tools_two_calls():
    weather(chat("TWO-CALLS", tools=[TOOL]), 2)


@call
def tools_one_call_at_a_time():
    weather(chat("THE-WEATHER", tools=[TOOL], parallel_tool_calls=False))


@call
def tools_result():
    answer = chat("THE-WEATHER", tools=[TOOL]).choices[0].message
    result = {"role": "tool", "tool_call_id": answer.tool_calls[0].id, "content": "sunny"}
    assert text(chat(messages=[*said("THE-WEATHER"), answer.model_dump(exclude_none=True), result], tools=[TOOL])) == SUNNY


@call
def tools_legacy_functions():
    assert chat("THE-WEATHER", functions=[TOOL["function"]]).choices[0].message.function_call.name == "get_weather"


@call
def structure_json_object():
    assert Person.model_validate_json(text(chat("PERSON-JSON", response_format={"type": "json_object"})))


@call
def structure_json_schema():
    form = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}}
    assert Person.model_validate_json(text(chat("PERSON-JSON", response_format=form))).age == 36


@call
def structure_parse():
    answer = client.chat.completions.parse(model=MODEL, messages=said("PERSON-JSON"), response_format=Person)
    assert answer.choices[0].message.parsed == Person(name="Ada", age=36)


@call
def structure_choice():
    assert text(chat("RED-OR-BLUE", extra_body={"structured_outputs": {"choice": ["red", "blue"]}})) == "blue"


@call
def structure_regex():
    assert text(chat("RED-OR-BLUE", extra_body={"guided_regex": "red|blue"})) == "blue"


@call
def extra_body_of_other_servers():
    chat(extra_body={"top_k": 5, "min_p": 0.1, "repetition_penalty": 1.1, "keep_alive": "5m", "ttl": 60, "cache_prompt": True, "num_ctx": 4096,
                     "skip_special_tokens": True, "ignore_eos": False, "chat_template_kwargs": {"enable_thinking": False}})


@call
def max_tokens_without_a_limit():
    chat(max_tokens=-1)


@call
def base_url_without_v1():
    assert text(OpenAI(base_url=URL, api_key=KEY, max_retries=0).chat.completions.create(model=MODEL, messages=said("SAY-HELLO"))) == HELLO


@call
def base_url_with_a_slash_too_many():
    assert text(OpenAI(base_url=BASE + "//", api_key=KEY, max_retries=0).chat.completions.create(model=MODEL, messages=said("SAY-HELLO"))) == HELLO


@call
def model_by_provider_and_name():
    assert text(chat(model="openai/" + MODEL)) == HELLO


@call
def completions_create():
    assert client.completions.create(model=MODEL, prompt="Once", max_tokens=3).choices[0].finish_reason == "length"


@call
def completions_stream():
    assert list(client.completions.create(model=MODEL, prompt="Once", max_tokens=3, stream=True))


@call
def responses_create():
    assert client.responses.create(model=MODEL, input="SAY-HELLO", instructions="Be brief.").output_text == HELLO


@call
def responses_stream():
    kinds = [event.type for event in client.responses.create(model=MODEL, input="SAY-HELLO", stream=True)]
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"


@call
def responses_stream_helper():
    with client.responses.stream(model=MODEL, input="SAY-HELLO") as stream:
        list(stream)
        assert stream.get_final_response().output_text == HELLO


@call
def responses_parse():
    assert client.responses.parse(model=MODEL, input="PERSON-JSON", text_format=Person).output_parsed.age == 36


@call
def responses_tool_and_its_result():
    first = client.responses.create(model=MODEL, input="THE-WEATHER", tools=[FLAT])
    asked = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": asked.call_id, "output": "sunny"}
    assert client.responses.create(model=MODEL, previous_response_id=first.id, input=[result], tools=[FLAT]).output_text == SUNNY


@call
def responses_retrieve_and_delete():
    made = client.responses.create(model=MODEL, input="SAY-HELLO")
    assert client.responses.retrieve(made.id).output_text == HELLO
    assert client.responses.input_items.list(made.id).data
    client.responses.delete(made.id)


@call
def responses_a_picture():
    content = [{"type": "input_text", "text": "What is it?"}, {"type": "input_image", "image_url": PICTURE, "detail": "auto"}]
    client.responses.create(model=SEES, input=[{"role": "user", "content": content}], max_output_tokens=3)


@call
def responses_count_tokens():
    assert client.responses.input_tokens.count(model=MODEL, input="SAY-HELLO").input_tokens > 0


@refused("'n'")
def chat_several_answers():
    chat(n=2)


@refused("'audio'")
def chat_that_speaks():
    chat(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})


@refused("data: URL")
def chat_a_picture_by_address():
    chat([{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}], model=SEES)


@refused("not_a_model")
def chat_an_unknown_model():
    chat(model="not_a_model")


@refused("'background'")
def responses_in_the_background():
    client.responses.create(model=MODEL, input="hi", background=True)


@refused("404")
def responses_an_unknown_one():
    client.responses.retrieve("resp_nobody")


@refused("'suffix'")
def completions_suffix():
    client.completions.create(model=MODEL, prompt="Once", suffix="end", max_tokens=3)


@refused("404")
def embeddings():
    client.embeddings.create(model=MODEL, input="hi")


main()
