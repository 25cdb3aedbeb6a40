"""sanctum-engine by itself: JSON-RPC 2.0, one message a line, on standard streams and on a Unix socket."""

import json
import subprocess

import pytest

import pictures
from engine_process import Engine, Refused, picture_part
from programs import SMOKE_MODEL, count, program


def user(text):
    return [{"role": "user", "content": text}]


def generate(engine, request, messages, model="m", **sampling):
    return engine.call("generate", request=request, model=model, messages=messages, sampling={"temperature": 0, "max_tokens": 32, **sampling})


def endless(engine, request):
    return generate(engine, request, user("Count from 1 to 99."), max_tokens=3500, ignore_eos=True)


@pytest.fixture(params=["stdio", "socket"])
def either_engine(request, tmp_path):
    running = Engine(socket_path=tmp_path / "engine.sock" if request.param == "socket" else None)
    yield running
    running.stop()


def test_load_ask_unload(either_engine):
    engine = either_engine
    info = engine.load(SMOKE_MODEL)
    assert info["state"] == "ready" and info["architecture"] == "qwen3_vl" and info["vision"] is True
    assert [m["model"] for m in engine.call("models")["models"]] == ["m"]
    accepted = generate(engine, "r1", user("What is 2 + 3?"))
    assert accepted["prompt_tokens"] > 0
    done = engine.completed("r1")
    assert done["finish_reason"] == "stop"
    assert "5" in engine.text("r1")
    assert done["usage"]["completion_tokens"] == len(engine.ids("r1"))
    assert done["timings"]["prefill_us"] > 0
    engine.call("unload_model", model="m")
    assert engine.call("models")["models"] == []
    with pytest.raises(Refused):
        generate(engine, "r2", user("hi"))


def test_a_shell_is_enough():
    """The documented one-liner: lines in, lines out, end of input ends it."""
    lines = [{"jsonrpc": "2.0", "id": 1, "method": "load_model", "params": {"model_id": str(SMOKE_MODEL)}},
             {"jsonrpc": "2.0", "id": 2, "method": "generate", "params": {"request": "r", "model": str(SMOKE_MODEL), "messages": user("hi"), "sampling": {"max_tokens": 4}}}]
    result = subprocess.run([program("sanctum-engine")], input="".join(json.dumps(line) + "\n" for line in lines), capture_output=True, text=True, timeout=90)
    assert result.returncode == 0, result.stderr
    said = [json.loads(line) for line in result.stdout.splitlines()]
    assert [m["params"]["request"] for m in said if m.get("method") == "completed"] == ["r"]


def test_progress_is_told_in_order(loaded_engine):
    phases = [p["phase"] for p in loaded_engine.heard("load_progress", model="m")]
    assert phases[-1] == "ready"
    known = ["config", "tokenizer", "weights", "ready"]
    assert [known.index(p) for p in phases] == sorted(known.index(p) for p in phases)


def test_pictures(loaded_engine):
    content = [picture_part(pictures.plain("blue", (40, 40))), {"type": "text", "text": "What color is this?"}]
    accepted = generate(loaded_engine, "r", [{"role": "user", "content": content}])
    assert accepted["image_tokens"] > 0
    done = loaded_engine.completed("r")
    assert "blue" in loaded_engine.text("r").lower()
    assert done["timings"]["vision_us"] > 0


def test_raw_prompt_and_tokenize(loaded_engine):
    ids = loaded_engine.call("tokenize", model="m", text="1, 2, 3,")["ids"]
    assert ids and all(isinstance(token, int) for token in ids)
    sampling = {"temperature": 0, "max_tokens": 8}
    loaded_engine.call("generate", request="text", model="m", prompt="1, 2, 3,", sampling=sampling)
    loaded_engine.call("generate", request="ids", model="m", prompt_ids=ids, sampling=sampling)
    loaded_engine.completed("text")
    loaded_engine.completed("ids")
    assert loaded_engine.ids("text") == loaded_engine.ids("ids")


def test_one_frame_a_step_carries_all_rows(loaded_engine):
    """However late the last one is let in: the others go on until they are together."""
    names = [f"r{i}" for i in range(4)]
    for name in names:
        loaded_engine.send("generate", request=name, model="m", messages=user("Count from 1 to 30."),
                           sampling={"temperature": 0, "max_tokens": 3000, "ignore_eos": True})
    loaded_engine.wait(lambda: any(len(frame["rows"]) == 4 for frame in loaded_engine.heard("tokens")), "a frame with all four rows")
    for name in names:
        loaded_engine.call("cancel", request=name)
    for name in names:
        loaded_engine.completed(name)
    steps = [frame["step"] for frame in loaded_engine.heard("tokens")]
    assert steps == sorted(set(steps)), "one frame a step, in order"
    shortest = min(len(loaded_engine.ids(name)) for name in names)
    assert len({tuple(loaded_engine.ids(name)[:shortest]) for name in names}) == 1


def test_cancel(loaded_engine):
    for i in range(count(3, 50)):
        endless(loaded_engine, f"r{i}")
        loaded_engine.wait(lambda i=i: loaded_engine.ids(f"r{i}"), "a first token")
        loaded_engine.call("cancel", request=f"r{i}")
        assert loaded_engine.completed(f"r{i}")["finish_reason"] == "cancelled"
    assert loaded_engine.call("stats")["running"] == 0


def test_unload_does_not_race_a_request(loaded_engine):
    """A request that runs is served to its end; the model goes afterwards, and can come back."""
    generate(loaded_engine, "r", user("Count from 1 to 99."), max_tokens=64, ignore_eos=True)
    loaded_engine.wait(lambda: loaded_engine.ids("r"), "a first token")
    unloading = loaded_engine.send("unload_model", model="m")
    with pytest.raises(Refused):
        generate(loaded_engine, "late", user("hi"))
    loaded_engine.answer(unloading)
    done = loaded_engine.heard("completed", request="r")
    assert done, "the model went while it was in use"
    assert done[0]["usage"]["completion_tokens"] == len(loaded_engine.ids("r")) == 64
    loaded_engine.load(SMOKE_MODEL)
    generate(loaded_engine, "after", user("hi"))
    assert loaded_engine.completed("after")["finish_reason"] in ("stop", "length")


def test_a_request_name_is_used_once(loaded_engine):
    endless(loaded_engine, "same")
    with pytest.raises(Refused) as refused:
        generate(loaded_engine, "same", user("hi"))
    assert "request" in refused.value.text
    loaded_engine.call("cancel", request="same")
    assert loaded_engine.completed("same")["finish_reason"] == "cancelled"


BAD_REQUESTS = [
    ("nonsense", {}, "nonsense"),
    ("generate", {}, "request"),
    ("generate", {"request": "r", "model": "nobody", "messages": user("hi")}, "model"),
    ("generate", {"request": "r", "model": "m"}, "messages"),
    ("generate", {"request": "r", "model": "m", "messages": []}, "messages"),
    ("generate", {"request": "r", "model": "m", "prompt_ids": [1 << 29]}, "prompt_ids"),
    ("generate", {"request": "r", "model": "m", "messages": user("hi"), "sampling": {"temperature": -1}}, "temperature"),
    ("generate", {"request": "r", "model": "m", "messages": user("hi"), "sampling": {"max_tokens": -2}}, "max_tokens"),
    ("generate", {"request": "r", "model": "m", "messages": user("hi"), "surprise": 1}, "surprise"),
    ("generate", {"request": "r", "model": "m", "messages": user("word " * 30000)}, "context"),
    ("generate", {"request": "r", "model": "m", "messages": [{"role": "user", "content": [{"type": "image", "data": "bm8gcGljdHVyZQ=="}]}]}, "messages[0].content[0]"),
    ("load_model", {"model": "x", "path": "/nonexistent"}, "/nonexistent"),
    ("load_model", {}, "model"),
    ("unload_model", {"model": "nobody"}, "nobody"),
    ("tokenize", {"model": "m"}, "text"),
]


@pytest.mark.parametrize("method, params, named", BAD_REQUESTS, ids=lambda value: value if isinstance(value, str) else "")
def test_bad_requests_are_refused_by_name(loaded_engine, method, params, named):
    before = loaded_engine.call("stats")["steps"]
    with pytest.raises(Refused) as refused:
        loaded_engine.call(method, **params)
    assert named in refused.value.text
    stats = loaded_engine.call("stats")
    assert (stats["running"], stats["waiting"]) == (0, 0)
    assert stats["steps"] == before, "nothing was computed"


def test_a_line_that_is_no_json_rpc_ends_the_peer():
    result = subprocess.run([program("sanctum-engine")], input=b"GET / HTTP/1.1\n", capture_output=True, timeout=60)
    assert result.returncode == 0
    assert b"protocol" in result.stderr


def test_socket_survives_its_peer(tmp_path):
    path = tmp_path / "engine.sock"
    engine = Engine(socket_path=path)
    try:
        engine.load(SMOKE_MODEL)
        endless(engine, "left")
        engine.socket.shutdown(2)
        again = engine._connect(path)
        assert again, "a second peer may come"
        again.settimeout(60)
        again.sendall(b'{"jsonrpc":"2.0","id":1,"method":"models"}\n')
        stream = again.makefile("rb")
        answers = (json.loads(line) for line in stream)
        assert next(m for m in answers if m.get("id") == 1)["result"]["models"][0]["state"] == "ready", "the model stayed"
        again.close()
    finally:
        engine.stop()


def test_shutdown(engine):
    engine.call("shutdown")
    assert engine.process.wait(30) == 0
