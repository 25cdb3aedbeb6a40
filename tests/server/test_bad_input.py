"""Requests that are wrong: a 4xx in OpenAI's form that names the field, at once, and nothing reaches the engine."""

import base64
import json
import time
from urllib.parse import quote

import pytest

import pictures
from programs import SMOKE_MODEL, at_most

HI = [{"role": "user", "content": "hi"}]
ANSWER_MS_MAX = 100
ATTEMPTS = 3  # the quickest counts: this measures the server, not the machine's other work


def chat(**changes):
    return {"model": None, "messages": HI, **changes}


def picture(url):
    return chat(messages=pictures.about(url))


NO_PICTURE = "data:image/png;base64," + base64.b64encode(b"this is no picture").decode()
CUT_PICTURE = pictures.data_url(pictures.plain("red", (64, 64))[:40])

# name, body (None in "model" becomes the real one; bytes go out as they are), statuses, start of error.param
CASES = [
    ("empty body", b"", {400}, None),
    ("malformed json", b'{"model": "x", ', {400}, None),
    ("no utf-8", b'{"model": "\xff\xfe"}', {400}, None),
    ("no object", b"[]", {400}, None),
    ("too deep", b"[" * 5000 + b"]" * 5000, {400}, None),
    ("duplicate key", b'{"model": "a", "model": "b", "messages": []}', {400}, None),
    ("model of a wrong type", chat(model=7), {400}, "model"),
    ("unknown model", chat(model="nobody/knows-this"), {404}, "model"),
    ("no messages", {"model": None}, {400}, "messages"),
    ("messages of a wrong type", chat(messages="hi"), {400}, "messages"),
    ("no message in messages", chat(messages=[]), {400}, "messages"),
    ("message of a wrong type", chat(messages=["hi"]), {400}, "messages[0]"),
    ("no role", chat(messages=[{"content": "hi"}]), {400}, "messages[0].role"),
    ("unknown role", chat(messages=[{"role": "wizard", "content": "hi"}]), {400}, "messages[0].role"),
    ("content of a wrong type", chat(messages=[{"role": "user", "content": 7}]), {400}, "messages[0].content"),
    ("unknown part", chat(messages=[{"role": "user", "content": [{"type": "smell", "smell": "x"}]}]), {400}, "messages[0].content[0].type"),
    ("part without text", chat(messages=[{"role": "user", "content": [{"type": "text"}]}]), {400}, "messages[0].content[0].text"),
    ("picture without url", chat(messages=[{"role": "user", "content": [{"type": "image_url"}]}]), {400}, "messages[0].content[0].image_url"),
    ("picture from the network", picture("http://192.0.2.1/x.png"), {400}, "messages[0].content[0].image_url"),
    ("picture from a file", picture("file:///etc/passwd"), {400}, "messages[0].content[0].image_url"),
    ("picture in bad base64", picture("data:image/png;base64,@@@@"), {400}, "messages[0].content[0].image_url"),
    ("picture that is none", picture(NO_PICTURE), {400}, "messages[0].content[0].image_url"),
    ("picture cut off", picture(CUT_PICTURE), {400}, "messages[0].content[0]"),
    ("negative max_tokens", chat(max_tokens=-2), {400}, "max_tokens"),
    ("max_tokens of a wrong type", chat(max_tokens="many"), {400}, "max_tokens"),
    ("fractional max_tokens", chat(max_tokens=1.5), {400}, "max_tokens"),
    ("enormous max_tokens", chat(max_tokens=10**18), {400}, "max_tokens"),
    ("negative temperature", chat(temperature=-0.1), {400}, "temperature"),
    ("enormous temperature", chat(temperature=1e300), {400}, "temperature"),
    ("temperature of a wrong type", chat(temperature=True), {400}, "temperature"),
    ("top_p over one", chat(top_p=1.1), {400}, "top_p"),
    ("negative top_k", chat(top_k=-5), {400}, "top_k"),
    ("seed of a wrong type", chat(seed="x"), {400}, "seed"),
    ("too many stops", chat(stop=["x"] * 1000), {400}, "stop"),
    ("stop of a wrong type", chat(stop=[1]), {400}, "stop"),
    ("too many logprobs", chat(logprobs=True, top_logprobs=1000), {400}, "top_logprobs"),
    ("logit_bias of a wrong type", chat(logit_bias={"x": 1}), {400}, "logit_bias"),
    ("logit_bias outside the vocabulary", chat(logit_bias={"1000000": 1}), {400}, "logit_bias"),
    ("stop_token_ids outside the vocabulary", chat(stop_token_ids=[2, 1000000]), {400}, "stop_token_ids"),
    ("stream of a wrong type", chat(stream="yes"), {400}, "stream"),
    ("tools of a wrong type", chat(tools={}), {400}, "tools"),
    ("tool without a name", chat(tools=[{"type": "function", "function": {}}]), {400}, "tools[0].function.name"),
    ("tool_choice of an unknown tool", chat(tool_choice="perhaps"), {400}, "tool_choice"),
    ("too many choices", chat(n=100000), {400}, "n"),
    ("prompt longer than the context", chat(messages=[{"role": "user", "content": "word " * 8000}]), {400}, "messages"),
]


def with_model(body, model):
    if isinstance(body, bytes):
        return body
    if body.get("model", "") is None:
        body = {**body, "model": model}
    return json.dumps(body).encode()


@pytest.fixture(scope="module")
def stats(server):
    """The engine's own counters, once nothing runs any more."""
    def read():
        counters = server.engine_stats()
        return {name: counters[name] for name in ("steps", "requests_completed", "prompt_tokens", "running", "waiting")}

    return read


@pytest.mark.parametrize("body, statuses, field", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_refused_at_once(server, model, stats, body, statuses, field):
    data = with_model(body, model)
    before = stats()
    took_ms = []
    for _ in range(ATTEMPTS):
        begun = time.monotonic()
        status, headers, text = server.request("POST", "/v1/chat/completions", data)
        took_ms.append((time.monotonic() - begun) * 1e3)
        if took_ms[-1] < at_most(ANSWER_MS_MAX):
            break
    assert status in statuses, text
    error = json.loads(text)["error"]
    assert error["message"] and error["type"], text
    if field is not None:
        assert (error["param"] or "").startswith(field), text
    assert headers["Content-Type"].startswith("application/json")
    assert min(took_ms) < at_most(ANSWER_MS_MAX)
    assert stats() == before, "it reached the engine"


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    path = tmp_path_factory.mktemp("catalogue") / "linked"
    path.symlink_to(SMOKE_MODEL)
    return str(path)


@pytest.mark.parametrize("name", ["..", "../{model}", "{model}/..", "./{model}", "{model}\0", "\0{model}", "{model}/", "/{model}", "{directory}", "{link}",
                                  "../../../etc/passwd", "%2e%2e", " {model}", "{model}\n"])
def test_a_name_that_looks_like_a_path_is_no_model(server, model, link, name):
    """Models have names, and no request's name becomes a file's."""
    name = name.format(model=model, directory=SMOKE_MODEL, link=link)
    for path, body in (("/v1/chat/completions", chat(model=name)), ("/v1/completions", {"model": name, "prompt": "x"})):
        status, _, text = server.request("POST", path, json.dumps(body))
        assert (status, json.loads(text)["error"]["code"]) == (404, "model_not_found"), text
    status, _, text = server.request("GET", "/v1/models/" + quote(name, safe=""))
    assert status == 404, text


def test_unknown_path_and_method(server):
    for method, path, status in (("GET", "/v1/nothing", 404), ("GET", "/v1/chat/completions", 405), ("DELETE", "/v1/models", 405)):
        found, _, body = server.request(method, path)
        assert found == status, (method, path)
        assert json.loads(body)["error"]["message"]


def test_body_over_the_limit(server):
    """Refused from its announced length, without being read."""
    connection = server.connection(timeout=20)
    try:
        connection.putrequest("POST", "/v1/chat/completions")
        connection.putheader("Content-Length", str(10**12))
        connection.endheaders()
        assert connection.getresponse().status == 413
    finally:
        connection.close()


def test_completions_prompt(server, model):
    for body, field in (({"model": model}, "prompt"), ({"model": model, "prompt": 7}, "prompt"), ({"model": model, "prompt": "x", "max_tokens": -2}, "max_tokens")):
        status, _, text = server.request("POST", "/v1/completions", json.dumps(body))
        assert status == 400 and json.loads(text)["error"]["param"].startswith(field), text


def test_it_still_answers(client, model):
    answer = client.chat.completions.create(model=model, messages=HI, max_tokens=4)
    assert answer.choices[0].finish_reason in ("stop", "length")


def nested(depth):
    value = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


def test_the_deepest_json_that_is_taken_does_not_end_the_engine(server, model):
    """It becomes deeper on its way: wrapped in a message's line, or taken out of a string."""
    before = server.engine_pid()
    for depth in range(50, 66):
        tool = {"type": "function", "function": {"name": "f", "parameters": nested(depth)}}
        called = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": json.dumps(nested(depth))}}]}
        for body in (chat(tools=[tool], max_tokens=1), chat(messages=HI + [called] + HI, max_tokens=1)):
            status, _, text = server.request("POST", "/v1/chat/completions", with_model(body, model))
            assert status in (200, 400), text
    assert server.engine_pid() == before
