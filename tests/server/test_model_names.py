"""Which model a request means: by the names that Ollama's clients know, and by none."""

import json

from programs import BUILT_IN, SMOKE_MODEL

HI = [{"role": "user", "content": "What is 17 + 25?"}]
BODIES = {"/v1/chat/completions": {"messages": HI, "max_tokens": 2}, "/v1/completions": {"prompt": "a", "max_tokens": 2}}


def asked(server, path, **members):
    status, _, body = server.request("POST", path, json.dumps({**BODIES[path], **members}))
    return status, json.loads(body)


def test_a_request_without_a_model_means_the_only_one(server):
    """llama-server's clients leave it out."""
    for path in BODIES:
        for members in ({}, {"model": None}, {"model": BUILT_IN + ":latest"}):
            status, answer = asked(server, path, **members)
            assert (status, answer.get("model")) == (200, BUILT_IN), answer
    assert server.request("GET", f"/v1/models/{BUILT_IN}:latest")[0] == 200


def test_of_several_one_has_to_be_named(start_server):
    server = start_server(f"one:latest={SMOKE_MODEL}", f"two={SMOKE_MODEL}")
    for path in BODIES:
        status, answer = asked(server, path)
        assert (status, answer["error"]["param"]) == (400, "model"), answer
        assert "several are served; name one of one:latest, two" in answer["error"]["message"]
        for name, served in {"one": "one:latest", "one:latest": "one:latest", "two:latest": "two"}.items():
            status, answer = asked(server, path, model=name)
            assert (status, answer.get("model")) == (200, served), answer
        assert asked(server, path, model="two:4b")[0] == 404
