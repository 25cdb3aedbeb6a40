"""What the official client can do: both transports, sync and async, streaming and not."""

import asyncio
import base64
import json
import ssl
import urllib.parse

import openai
import pytest
from PIL import Image, ImageDraw

import pictures
from programs import count
from sanctum_server import Server

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Get the current weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "City name"}}, "required": ["city"]}}}


def say(text):
    return [{"role": "user", "content": text}]


def collected(stream):
    """(text, finish reason, usage, tool calls by index) of a stream."""
    text, reason, usage, calls = "", None, None, {}
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reason = choice.finish_reason or reason
            for call in choice.delta.tool_calls or []:
                known = calls.setdefault(call.index, {"id": None, "name": "", "arguments": ""})
                known["id"] = call.id or known["id"]
                known["name"] += call.function.name or ""
                known["arguments"] += call.function.arguments or ""
    return text, reason, usage, calls


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory):
    """Whose answers come in pieces, however busy the machine is."""
    running = Server(tmp_path_factory.mktemp("slow"), environment={"SANCTUM_FAULT": "slow:5"})
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("mtls", [False, True], ids=["plain", "mtls"])
class TestTransports:
    def test_models(self, server, mtls):
        models = server.client(mtls).models.list().data
        assert models and models[0].object == "model"

    def test_answer(self, server, model, mtls):
        answer = server.client(mtls).chat.completions.create(model=model, messages=say("What is 2 + 3?"), temperature=0, max_tokens=16)
        assert answer.object == "chat.completion"
        assert "5" in answer.choices[0].message.content
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
        assert answer.usage.completion_tokens > 0

    def test_stream_is_the_answer_in_pieces(self, slow_server, model, mtls):
        client = slow_server.client(mtls)
        question = dict(model=model, messages=say("Count from 1 to 20."), temperature=0, max_tokens=256)
        whole = client.chat.completions.create(**question)
        stream = client.chat.completions.create(**question, stream=True, stream_options={"include_usage": True})
        pieces = list(stream)
        text, reason, usage, _ = collected(pieces)
        assert text == whole.choices[0].message.content
        assert reason == whole.choices[0].finish_reason == "stop"
        assert usage.completion_tokens == whole.usage.completion_tokens
        assert sum(bool(p.choices and p.choices[0].delta.content) for p in pieces) > 3, "it came as a stream"
        assert pieces[0].choices[0].delta.role == "assistant"
        assert len({p.id for p in pieces}) == 1

    def test_async(self, server, model, mtls):
        async def ask():
            client = server.async_client(mtls)
            answers = [client.chat.completions.create(model=model, messages=say(f"What is {n} + 4?"), temperature=0, max_tokens=16) for n in range(4)]
            stream = await client.chat.completions.create(model=model, messages=say("Repeat lantern"), temperature=0, max_tokens=16, stream=True)
            text = "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])
            return text, [a.choices[0].message.content for a in await asyncio.gather(*answers)]

        text, sums = asyncio.run(ask())
        assert "lantern" in text
        assert [str(n + 4) in answer for n, answer in enumerate(sums)] == [True] * 4


def test_mtls_refuses_strangers(server):
    with pytest.raises((ssl.SSLError, ConnectionError, openai.APIConnectionError)):
        context = server.ssl_context(client_certificate=False)
        http_client = openai.DefaultHttpxClient(verify=context)
        openai.OpenAI(base_url=server.mtls_url + "/v1", api_key="none", max_retries=0, timeout=20, http_client=http_client).models.list()


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif", "bmp"])
@pytest.mark.parametrize("color", ["red", "blue"])
def test_picture_formats(client, model, kind, color):
    url = pictures.data_url(pictures.plain(color, (64, 64), kind.upper()), kind)
    answer = client.chat.completions.create(model=model, messages=pictures.about(url), temperature=0, max_tokens=16)
    assert color in answer.choices[0].message.content.lower()
    assert answer.model_extra["timings"]["vision_us"] > 0


def test_a_transparent_picture_stands_on_white(client, model):
    """What lies below the transparency, blue here, was taken for the picture's background."""
    pixels = Image.new("RGBA", (128, 128), (0, 0, 255, 0))
    ImageDraw.Draw(pixels).ellipse((32, 32, 96, 96), fill=(255, 0, 0, 255))
    opaque = Image.new("RGB", pixels.size, (255, 255, 255))
    opaque.paste(pixels, mask=pixels.split()[3])
    said = [client.chat.completions.create(model=model, messages=pictures.about(pictures.data_url(pictures.encoded(picture)), "What color is the circle?"),
                                           temperature=0, max_tokens=16, logprobs=True).choices[0] for picture in (pixels, opaque)]
    assert "red" in said[0].message.content.lower()
    assert [token.logprob for token in said[0].logprobs.content] == [token.logprob for token in said[1].logprobs.content], "the same picture"


def test_data_urls_as_rfc_2397_has_them(client, model):
    data = pictures.plain("blue", (64, 64))
    encoded = base64.b64encode(data).decode()
    wrapped = "\r\n".join(encoded[i:i + 76] for i in range(0, len(encoded), 76))
    for url in ("DATA:IMAGE/PNG;BASE64," + encoded, "data:image/png;charset=utf-8;base64," + wrapped, "data:image/png;base64," + encoded.rstrip("="),
                "data:image/png," + urllib.parse.quote(data)):
        answer = client.chat.completions.create(model=model, messages=pictures.about(url), temperature=0, max_tokens=16)
        assert "blue" in answer.choices[0].message.content.lower(), url[:60]


def test_a_picture_in_a_tools_result_is_seen(client, model):
    call = {"id": "call_1", "type": "function", "function": {"name": "take_picture", "arguments": "{}"}}
    said = {}
    for color in ("red", "blue"):
        part = pictures.about(pictures.data_url(pictures.plain(color, (64, 64))))[0]["content"][0]
        messages = [*say("What color is this?"), {"role": "assistant", "content": None, "tool_calls": [call]},
                    {"role": "tool", "tool_call_id": "call_1", "content": [part]}]
        answer = client.chat.completions.create(model=model, messages=messages, temperature=0, max_tokens=16, logprobs=True)
        assert answer.model_extra["timings"]["vision_us"] > 0
        assert answer.usage.prompt_tokens > 16
        said[color] = [token.logprob for token in answer.choices[0].logprobs.content]
    assert said["red"] != said["blue"], "the picture is part of the prompt"


def test_one_pixel_picture_streams(client, model):
    url = pictures.data_url(pictures.plain("red"))
    stream = client.chat.completions.create(model=model, messages=pictures.about(url), temperature=0, max_tokens=16, stream=True)
    assert "red" in collected(stream)[0].lower()


def test_timings(client, model):
    answer = client.chat.completions.create(model=model, messages=say("hi"), max_tokens=8)
    timings = answer.model_extra["timings"]
    for phase in ("queue_us", "vision_us", "prefill_us", "decode_us"):
        assert isinstance(timings[phase], int) and timings[phase] >= 0, phase
    assert timings["prefill_us"] > 0
    assert timings["vision_us"] == 0


def test_logprobs(client, model):
    answer = client.chat.completions.create(model=model, messages=say("Repeat apple"), temperature=0, max_tokens=8, logprobs=True, top_logprobs=3)
    tokens = answer.choices[0].logprobs.content
    assert len(tokens) in (answer.usage.completion_tokens, answer.usage.completion_tokens - 1)
    for token in tokens:
        assert token.logprob <= 1e-6
        assert len(token.top_logprobs) == 3
        assert max(top.logprob for top in token.top_logprobs) == pytest.approx(token.logprob, abs=1e-5), "greedy takes the likeliest"
    assert b"".join(bytes(t.bytes or []) for t in tokens).decode().startswith(answer.choices[0].message.content)


def test_stop_string_is_not_part_of_the_answer(client, model):
    question = dict(model=model, messages=say("Count from 1 to 9."), temperature=0, max_tokens=64)
    whole = client.chat.completions.create(**question).choices[0].message.content
    assert "4" in whole
    cut = client.chat.completions.create(**question, stop=["4"])
    assert cut.choices[0].message.content == whole[:whole.index("4")]
    assert cut.choices[0].finish_reason == "stop"
    streamed = collected(client.chat.completions.create(**question, stop="4", stream=True))
    assert streamed[0] == whole[:whole.index("4")]


def test_max_tokens(client, model):
    answer = client.chat.completions.create(model=model, messages=say("Count from 1 to 20."), temperature=0, max_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 3


def test_seed_repeats(client, model):
    def ask(seed):
        return client.chat.completions.create(model=model, messages=say("Hello"), temperature=2.0, seed=seed, max_tokens=24,
                                              extra_body={"ignore_eos": True}).choices[0].message.content

    assert all(ask(7) == ask(7) for _ in range(count(2, 20)))
    assert len({ask(seed) for seed in range(8)}) > 1


def test_system_and_turns(client, model):
    messages = [{"role": "user", "content": "My name is Klara."}, {"role": "assistant", "content": "Nice to meet you, Klara."},
                {"role": "user", "content": "What is 9 + 4?"}, {"role": "assistant", "content": "9 + 4 = 13"}, {"role": "user", "content": "What is my name?"}]
    answer = client.chat.completions.create(model=model, messages=messages, temperature=0, max_tokens=16)
    assert "Klara" in answer.choices[0].message.content


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_tool_call(client, model, stream):
    answer = client.chat.completions.create(model=model, messages=say("What is the weather in Paris?"), tools=[WEATHER], temperature=0, max_tokens=96, stream=stream)
    if stream:
        text, reason, _, calls = collected(answer)
        assert list(calls) == [0]
        call_id, name, arguments = calls[0]["id"], calls[0]["name"], calls[0]["arguments"]
    else:
        text, reason = answer.choices[0].message.content, answer.choices[0].finish_reason
        call = answer.choices[0].message.tool_calls[0]
        call_id, name, arguments = call.id, call.function.name, call.function.arguments
    assert reason == "tool_calls"
    assert not text, "the call's text is not shown as an answer"
    assert call_id and name == "get_weather"
    assert json.loads(arguments) == {"city": "Paris"}


def test_tool_result_is_told(client, model):
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    messages = say("What is the weather in Paris?") + [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"temperature": 21, "condition": "sunny"}'}]
    answer = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER], temperature=0, max_tokens=48)
    assert "21" in answer.choices[0].message.content


def test_tool_choice_none_calls_nothing(client, model):
    answer = client.chat.completions.create(model=model, messages=say("What is the weather in Paris?"), tools=[WEATHER], tool_choice="none", temperature=0, max_tokens=48)
    assert not answer.choices[0].message.tool_calls


def test_completions(client, model):
    answer = client.completions.create(model=model, prompt="1, 2, 3,", temperature=0, max_tokens=8)
    assert answer.object == "text_completion"
    assert answer.usage.completion_tokens <= 8
    stream = client.completions.create(model=model, prompt="1, 2, 3,", temperature=0, max_tokens=8, stream=True)
    assert "".join(c.choices[0].text for c in stream if c.choices) == answer.choices[0].text


def test_unknown_model(client):
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model="nobody/knows-this", messages=say("hi"))
    assert refused.value.param == "model"


def test_observation_points(server):
    for path in ("/health", "/ready", "/metrics", "/", "/status"):
        status, _, body = server.request("GET", path)
        assert status == 200 and body, path
    metrics = server.request("GET", "/metrics")[2]
    assert "# TYPE" in metrics and "sanctum" in metrics
