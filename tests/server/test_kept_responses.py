"""Responses that are kept: gone on from, looked at, removed; over a restart, a damaged file and a full disk; by their owner alone."""

import json
import stat

import openai
import pytest

from test_keys import add_key


def ask(server, text, **more):
    return server.client().responses.create(model="sanctum-smoke", input=text, temperature=0, max_output_tokens=20, **more)


def test_a_conversation_goes_on_from_its_last_response(server):
    first = ask(server, "What is 17 + 25?")
    second = ask(server, "And 1 + 2?", previous_response_id=first.id)
    alone = ask(server, [{"role": "user", "content": "What is 17 + 25?"}, {"role": "assistant", "content": first.output_text},
                         {"role": "user", "content": "And 1 + 2?"}], store=False)
    assert second.output_text == alone.output_text and second.usage.input_tokens == alone.usage.input_tokens
    assert (second.previous_response_id, second.store, alone.store) == (first.id, True, False)


def test_an_item_that_is_kept_may_be_named_instead_of_said_again(server):
    """As clients do that take `store` at its word, the AI SDK among them."""
    first = ask(server, "What is 17 + 25?")
    question, again = {"role": "user", "content": "What is 17 + 25?"}, {"role": "user", "content": "And 1 + 2?"}
    named = ask(server, [question, {"type": "item_reference", "id": first.output[-1].id}, again])
    alone = ask(server, [question, {"role": "assistant", "content": first.output_text}, again])
    assert named.output_text == alone.output_text and named.usage.input_tokens == alone.usage.input_tokens
    with pytest.raises(openai.BadRequestError) as unknown:
        ask(server, [question, {"type": "item_reference", "id": "msg_nobody_0"}, again])
    assert "input[1].id" in str(unknown.value) and "is not kept here" in str(unknown.value)


def test_one_is_looked_at_and_removed(server):
    client, first = server.client(), ask(server, "What is 17 + 25?")
    again = client.responses.retrieve(first.id)
    assert again.output_text == first.output_text and again.status == "completed"
    second = ask(server, "And 1 + 2?", previous_response_id=first.id)
    said = client.responses.input_items.list(second.id, order="asc").data
    assert [item.role for item in said] == ["user", "assistant", "user"]
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)
    with pytest.raises(openai.NotFoundError) as gone:
        ask(server, "And 3 + 4?", previous_response_id=second.id)
    assert first.id in str(gone.value), "the one that is missing is named"


def test_what_is_not_to_be_kept_is_not(server):
    answer = ask(server, "What is 17 + 25?", store=False)
    with pytest.raises(openai.NotFoundError):
        server.client().responses.retrieve(answer.id)


def test_another_key_finds_nothing(start_server):
    server = start_server()
    keys = [add_key(server.state_dir, name) for name in ("mine", "theirs")]
    mine, theirs = (server.client(api_key=key) for key in keys)
    first = mine.responses.create(model="sanctum-smoke", input="hi", max_output_tokens=4)
    assert mine.responses.retrieve(first.id).id == first.id
    for call in (lambda: theirs.responses.retrieve(first.id), lambda: theirs.responses.delete(first.id),
                 lambda: theirs.responses.create(model="sanctum-smoke", input="x", previous_response_id=first.id, max_output_tokens=4)):
        with pytest.raises(openai.NotFoundError):
            call()
    assert mine.responses.retrieve(first.id).id == first.id


def test_they_outlive_the_server_and_are_its_owners_alone(start_server):
    server = start_server()
    first = ask(server, "What is 17 + 25?")
    file = server.state_dir / "responses.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    server.stop()
    server.start()
    assert server.client().responses.retrieve(first.id).output_text == first.output_text


def test_a_damaged_file_costs_no_answer(start_server):
    server = start_server()
    ask(server, "hi")
    server.stop()
    (server.state_dir / "responses.db").write_bytes(b"no database" * 1000)
    server.start()
    assert ask(server, "hi").store
    copies = [path for path in server.state_dir.iterdir() if path.name.startswith("responses.db.damaged-")]
    assert copies and [row["what"] for row in server.status()["incidents"] if row["key"] == "damaged.kept responses" and str(copies[0]) in row["what"]]


def test_of_damaged_files_the_latest_stay(start_server):
    server = start_server()
    for _ in range(5):
        server.stop()
        (server.state_dir / "responses.db").write_bytes(b"no database" * 1000)
        server.start()
        assert ask(server, "hi").store
    assert len([path for path in server.state_dir.iterdir() if path.name.startswith("responses.db.damaged-")]) == 3


def test_a_disk_that_refuses_costs_no_answer(start_server):
    server = start_server()
    server.stop()
    for name in ("responses.db", "responses.db-wal", "responses.db-shm"):
        (server.state_dir / name).unlink(missing_ok=True)
    (server.state_dir / "responses.db").mkdir()
    server.start()
    answer = ask(server, "What is 17 + 25?")
    assert "42" in answer.output_text and answer.store is False
    with pytest.raises(openai.APIStatusError) as unreachable:
        server.client().responses.retrieve(answer.id)
    assert unreachable.value.status_code == 503


def test_with_none_kept_the_whole_input_is_asked_for(start_server):
    server = start_server("--stored-responses-bytes", "0")
    answer = ask(server, "hi")
    assert answer.store is False and not (server.state_dir / "responses.db").exists()
    with pytest.raises(openai.BadRequestError) as refused:
        ask(server, "hi", previous_response_id=answer.id)
    assert "whole input" in str(refused.value)


def test_the_oldest_make_room(start_server):
    server = start_server("--stored-responses-bytes", "8kB")
    answers = [ask(server, "hi " * 300) for _ in range(8)]
    client = server.client()
    assert client.responses.retrieve(answers[-1].id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(answers[0].id)


def test_one_that_comes_is_cancelled(start_server):
    server = start_server("--probes", "off", environment={"SANCTUM_FAULT": "slow:100"})
    client = server.client()
    with client.responses.create(model="sanctum-smoke", input="Count from 1 to 50.", stream=True, max_output_tokens=400) as stream:
        first = next(iter(stream)).response
        status, _, text = server.request("POST", f"/v1/responses/{first.id}/cancel")
        assert status == 200 and json.loads(text)["status"] == "cancelled", text
        assert [event.type for event in stream][-1] == "response.failed"
    status, _, text = server.request("POST", f"/v1/responses/{first.id}/cancel")
    assert status == 404, text
