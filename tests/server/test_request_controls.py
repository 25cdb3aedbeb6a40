"""What a request says of itself beyond its answer: other names of models, its own limit, its end, its progress, how long it may think."""

import json
import threading

import pytest

from programs import wait_until
from test_cli import sanctum

SECONDS_MAX = 60
CHAT = {"messages": [{"role": "user", "content": "Count from 1 to 50."}], "temperature": 0, "max_tokens": 400}


def post(server, body, path="/v1/chat/completions", **headers):
    status, got, text = server.request("POST", path, json.dumps(body).encode(), headers=headers)
    return status, got, json.loads(text)


def test_aliases(start_server):
    server = start_server("--alias", "claude-*=sanctum-smoke", "--alias", "gpt-4o=smoke")
    for name in ("claude-haiku-9", "gpt-4o", "openai/gpt-4o", "sanctum-smoke"):
        assert post(server, CHAT | {"model": name, "max_tokens": 1})[0] == 200, name
    status, _, answer = post(server, CHAT | {"model": "gpt-4o-mini", "max_tokens": 1})
    assert status == 404 and "gpt-4o-mini" in answer["error"]["message"]
    _, _, text = server.request("GET", "/v1/models")
    assert json.loads(text)["data"][0]["aliases"] == ["claude-*", "gpt-4o", "smoke"]


def test_the_built_in_model_answers_to_the_name_it_is_served_by(server):
    status, _, answer = post(server, CHAT | {"model": "smoke", "max_tokens": 1})
    assert status == 200 and answer["model"] == "sanctum-smoke", answer


def test_aliases_of_the_file(start_server, tmp_path):
    file = tmp_path / "sanctum.toml"
    file.write_text('[[models]]\nmodel = "smoke"\nname = "mine"\naliases = ["gpt-4o"]\n')
    server = start_server("--config", str(file))
    for name in ("mine", "gpt-4o"):
        assert post(server, CHAT | {"model": name, "max_tokens": 1})[0] == 200, name


def test_an_alias_of_nothing_is_refused(tmp_path):
    ended = sanctum("serve", "--check", "--alias", "a=b", "--state-dir", str(tmp_path / "s"), state_dir=tmp_path)
    assert ended.returncode == 2 and "no model 'b' is served; there is sanctum-smoke" in ended.stderr, ended.stderr


def test_codex_finds_its_list_of_models(server):
    _, _, text = server.request("GET", "/v1/models?client_version=0.169.0")
    [model] = json.loads(text)["models"]
    assert model["slug"] == "sanctum-smoke" and model["context_window"] > 0 and "image" in model["input_modalities"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_requests_own_limit(start_server, stream):
    server = start_server("--probes", "off", environment={"SANCTUM_FAULT": "slow:200"})
    status, _, text = server.request("POST", "/v1/chat/completions", json.dumps(CHAT | {"stream": stream}).encode(),
                                     headers={"X-Sanctum-Deadline": "1.5"})
    # Of a stream that a busy machine had not even begun, too.
    assert status == 504 or (stream and status == 200), text
    assert "its limit of 1.5 s" in text, text
    wait_until(lambda: server.engine_stats()["running"] == 0, SECONDS_MAX, "the engine does no more")


def test_a_limit_that_is_none(server):
    status, _, answer = post(server, CHAT, **{"X-Sanctum-Deadline": "soon"})
    assert status == 400 and answer["error"]["param"] == "X-Sanctum-Deadline"


def test_an_answer_is_cancelled_by_its_id(start_server):
    server = start_server("--probes", "off", environment={"SANCTUM_FAULT": "slow:100"})
    connection = server.connection()
    connection.request("POST", "/v1/chat/completions", json.dumps(CHAT | {"stream": True}), {"Content-Type": "application/json"})
    response = connection.getresponse()
    event = json.loads(response.readline().removeprefix(b"data: "))
    status, _, text = server.request("POST", f"/v1/requests/{event['id']}/cancel")
    assert status == 200, text
    assert b'"code":"cancelled"' in response.read()
    connection.close()
    wait_until(lambda: server.engine_stats()["running"] == 0, SECONDS_MAX, "the engine does no more")
    assert server.request("POST", "/v1/requests/none/cancel")[0] == 404


def test_a_long_prompt_tells_how_far_it_is(start_server):
    server = start_server("--probes", "off", environment={"SANCTUM_FAULT": "slow:50"})
    body = {"messages": [{"role": "user", "content": "word " * 1500}], "max_tokens": 1, "stream": True, "return_progress": True}
    _, _, text = server.request("POST", "/v1/chat/completions", json.dumps(body).encode())
    told = [json.loads(line[6:])["prompt_progress"] for line in text.splitlines() if "prompt_progress" in line]
    assert told, text[:500]
    done = [one["processed"] for one in told]
    assert done == sorted(done) and 0 < done[0] and done[-1] < told[0]["total"]


def test_reported_context(start_server):
    server = start_server("--reported-context", "200000")
    body = {"model": "sanctum-smoke", "max_tokens": 1, "messages": [{"role": "user", "content": "hi"}]}
    _, _, chat = post(server, body)
    _, _, messages = post(server, body, "/v1/messages")
    _, _, counted = post(server, body, "/v1/messages/count_tokens")
    _, _, models = server.request("GET", "/v1/models")
    context = json.loads(models)["data"][0]["max_model_len"]
    told = messages["usage"]["input_tokens"] + messages["usage"]["cache_read_input_tokens"]
    assert abs(told - chat["usage"]["prompt_tokens"] * 200000 / context) <= 2 and counted["input_tokens"] == told


def test_functions_as_before_there_were_tools(server):
    function = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"enum": ["Rome", "Oslo"]}}, "required": ["city"]}}
    asked = {"model": "sanctum-smoke", "messages": [{"role": "user", "content": "The weather?"}], "functions": [function],
             "function_call": {"name": "get_weather"}, "max_tokens": 100}
    _, _, answer = post(server, asked)
    [choice] = answer["choices"]
    call = choice["message"]["function_call"]
    assert choice["finish_reason"] == "function_call" and "tool_calls" not in choice["message"]
    assert json.loads(call["arguments"])["city"] in ("Rome", "Oslo")
    history = asked["messages"] + [{"role": "assistant", "content": None, "function_call": call}, {"role": "function", "name": "get_weather", "content": "sunny"}]
    assert post(server, asked | {"messages": history, "function_call": "none"})[0] == 200


def test_cancelling_leaves_neighbours_alone(start_server):
    server = start_server("--probes", "off", environment={"SANCTUM_FAULT": "slow:50"})
    alone = post(server, CHAT | {"max_tokens": 30})[2]["choices"][0]["message"]["content"]
    said = []
    neighbour = threading.Thread(target=lambda: said.append(post(server, CHAT | {"max_tokens": 30})[2]["choices"][0]["message"]["content"]))
    connection = server.connection()
    connection.request("POST", "/v1/chat/completions", json.dumps(CHAT | {"stream": True}), {"Content-Type": "application/json"})
    response = connection.getresponse()
    event = json.loads(response.readline().removeprefix(b"data: "))
    neighbour.start()
    wait_until(lambda: server.engine_stats()["running"] == 2, SECONDS_MAX, "both run")
    server.request("POST", f"/v1/requests/{event['id']}/cancel")
    response.read()
    neighbour.join()
    connection.close()
    assert said == [alone]
