"""The memory for keys and values: too little for a model, for a prompt, for all at once."""

import subprocess

import pytest

from engine_process import Engine, Refused
from programs import SMOKE_MODEL, program

TOKENS_OF_ROOM = 320  # a little more than the least
ANSWER = 60  # tokens: four prompts with their answers find no room together


def token_bytes():
    """What the engine says one token of the built-in model needs."""
    engine = Engine("--kv-bytes", "4096")
    try:
        with pytest.raises(Refused) as refused:
            engine.load(SMOKE_MODEL)
    finally:
        engine.stop()
    assert refused.value.data["field"] == "kv_bytes"
    assert "4096 bytes" in str(refused.value)
    needed = int(str(refused.value).split("at least ")[1].split(" ")[0])
    assert needed % 256 == 0, str(refused.value)
    return needed // 256


@pytest.fixture(params=["cpu", "mlx"])
def small_engine(request):
    wide = 2 if request.param == "mlx" else 1  # MLX's operations keep keys and values in float32 here
    engine = Engine("--kernels", request.param, "--kv-bytes", str(TOKENS_OF_ROOM * token_bytes() * wide))
    info = engine.load(SMOKE_MODEL)
    assert info["kernels"].split()[0] == request.param
    assert info["same_under_load"] == (request.param == "cpu")
    assert info["numbers"].split()[0].rstrip(",") == request.param
    yield engine
    engine.stop()


def ask(engine, request, tokens, answer):
    return engine.call("generate", request=request, model="m", prompt_ids=[20 + i % 50 for i in range(tokens)],
                       sampling={"temperature": 0, "max_tokens": answer, "ignore_eos": True})


def test_a_prompt_that_can_never_fit_is_refused_at_once(small_engine):
    room = small_engine.call("models")["models"][0]["context_tokens"]
    assert 256 <= room <= 2 * TOKENS_OF_ROOM
    with pytest.raises(Refused) as refused:
        ask(small_engine, "r", room, 1)
    assert refused.value.data["code"] == "too_long" and refused.value.data["field"] == "prompt_ids"
    assert f"kv_bytes) holds {room}" in str(refused.value)
    ask(small_engine, "s", room - 1, 40)
    done = small_engine.completed("s")
    assert done["finish_reason"] == "length" and done["usage"]["completion_tokens"] == 1


def test_answers_that_together_find_no_room_wait_and_are_the_same(small_engine):
    """Admission looks ahead and a sequence that grows more than predicted gives way; all end, with the
    tokens that each has alone."""
    alone = []
    for i in range(4):
        ask(small_engine, f"alone{i}", 60 + i, ANSWER)
        small_engine.completed(f"alone{i}")
        alone.append(small_engine.ids(f"alone{i}"))
    for i in range(4):
        ask(small_engine, f"both{i}", 60 + i, ANSWER)
    for i in range(4):
        assert small_engine.completed(f"both{i}")["usage"]["completion_tokens"] == ANSWER
        assert small_engine.ids(f"both{i}") == alone[i]


@pytest.mark.parametrize("kernels, wide", [("cpu", 1), ("mlx", 2)])
def test_a_prompt_over_half_of_the_memory_ends_and_starves_nobody(kernels, wide):
    """With MLX's operations the copies of its own prefix took the room that it needed; it was begun again and again."""
    room = 512
    engine = Engine("--kernels", kernels, "--kv-bytes", str(room * token_bytes() * wide))
    engine.load(SMOKE_MODEL)
    try:
        ask(engine, "long", 300, 10)
        ask(engine, "short", 10, 5)
        assert engine.completed("long")["usage"]["completion_tokens"] == 10
        assert engine.completed("short")["usage"]["completion_tokens"] == 5
        assert engine.call("stats")["steps"] < 300, "no step was spent on nothing"
    finally:
        engine.stop()


def test_integers_need_our_kernels():
    refused = subprocess.run([program("sanctum-engine"), "--kernels", "mlx", "--kv-type", "int8"],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert refused.returncode == 78
    assert "kv_type int8 needs our kernels" in refused.stderr


def test_what_the_prefix_cache_keeps_is_told_and_integers_make_room_for_almost_twice_as_much():
    room, numbers = {}, set()
    for kind, wide in (("stored", 1), ("int8", 17 / 32)):
        engine = Engine("--kv-type", kind, "--kv-bytes", str(4 * TOKENS_OF_ROOM * token_bytes()))
        numbers.add(engine.load(SMOKE_MODEL)["numbers"])
        room[kind] = engine.call("models")["models"][0]["context_tokens"]
        ask(engine, "r", 300, 20)
        assert engine.completed("r")["usage"]["completion_tokens"] == 20
        stats = engine.call("stats")
        assert (stats["kv_bytes"], stats["prefix_bytes"]) == (0, 4 * 64 * token_bytes() * wide)
        engine.stop()
    assert 1.7 < room["int8"] / room["stored"] <= 2
    assert len(numbers) == 2, "what a model says depends on it, and is not compared across it"
