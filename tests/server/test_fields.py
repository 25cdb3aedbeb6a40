"""Fields of a request in four classes: honoured, neutral, ignored and named, refused."""

import json
import sqlite3
import urllib.request

import pytest

from programs import wait_until

SECONDS_MAX = 60
HI = [{"role": "user", "content": "hi"}]


def ask(server, path="/v1/chat/completions", **fields):
    body = {"messages": HI, "max_tokens": 2, **fields}
    status, headers, text = server.request("POST", path, json.dumps(body).encode())
    return status, headers, json.loads(text) if not fields.get("stream") else text


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_hints_are_ignored_and_named(server, stream):
    status, headers, answer = ask(server, keep_alive="5m", num_ctx=99, messages=[{**HI[0], "id": "x", "cache_control": {}}], stream=stream)
    assert status == 200, answer
    assert headers["X-Sanctum-Ignored"] == "keep_alive, num_ctx, messages[].id, messages[].cache_control"
    status, headers, answer = ask(server, n=1, skip_special_tokens=True, ignore_eos=False, stream=stream)
    assert status == 200 and "X-Sanctum-Ignored" not in headers, answer


def test_the_journal_names_them(server):
    _, headers, _ = ask(server, ttl=7)

    def named():
        with sqlite3.connect(f"file:{server.state_dir}/journal.db?mode=ro", uri=True) as journal:
            return journal.execute("SELECT ignored FROM requests WHERE id = ?", (headers["X-Request-Id"],)).fetchall()
    wait_until(lambda: named() == [("ttl",)], SECONDS_MAX, "the journal has it")


@pytest.mark.parametrize("field, value", [("skip_special_tokens", False), ("n", 2), ("mirostat", 2), ("temprature", 0.5), ("echo", True)])
def test_what_would_change_the_answer_is_refused_by_name(server, field, value):
    status, _, answer = ask(server, **{field: value})
    assert status == 400 and answer["error"]["param"] == field, answer


@pytest.mark.parametrize("path", ["/chat/completions", "/v1/chat/completions/", "//v1//chat/completions", "/v1/v1/chat/completions"])
def test_a_path_may_be_written_in_other_ways(server, path):
    status, _, answer = ask(server, path)
    assert status == 200 and answer["object"] == "chat.completion"


def test_no_limit_is_minus_one(server):
    status, _, answer = ask(server, max_tokens=-1, messages=[{"role": "user", "content": "What is 2 + 3?"}], temperature=0)
    assert status == 200 and answer["choices"][0]["finish_reason"] == "stop", answer


def test_strict_fields_refuse_what_is_ignored(start_server):
    server = start_server("--strict-fields", "on")
    status, _, answer = ask(server, keep_alive="5m")
    assert status == 400 and answer["error"]["param"] == "keep_alive" and "--strict-fields" in answer["error"]["message"], answer
    assert ask(server, n=1)[0] == 200


def test_a_document_describes_them(server):
    with urllib.request.urlopen(server.url + "/openapi.json") as answer:
        document = json.load(answer)
    assert document["openapi"] == "3.1.0" and "/v1/chat/completions" in document["paths"]
    fields = document["components"]["schemas"]["ChatRequest"]["properties"]
    assert fields["temperature"]["maximum"] == 2 and fields["n"]["enum"] == [1] and fields["keep_alive"]["x-sanctum-ignored"]
