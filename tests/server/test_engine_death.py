"""An engine killed in the middle of a stream: the sentence finishes, and the next request works."""

import os
import shutil
import signal

import openai
import pytest

from programs import SMOKE_MODEL, count, wait_until

RECOVERY_SECONDS_MAX = 60
SLOW = {"SANCTUM_FAULT": "slow:2"}  # on a busy machine an answer was over before it was read


def stream(client, model):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Count from 1 to 60."}], max_tokens=400, temperature=0, stream=True)


def long_stream(client, model):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Count from 1 to 99."}], max_tokens=3000, temperature=0, stream=True,
                                          extra_body={"ignore_eos": True})


def text_of(chunks):
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    return "".join(choice.delta.content or "" for choice in choices), choices[-1].finish_reason


def test_killed_in_mid_stream(start_server):
    own_server = start_server(environment={"SANCTUM_FAULT": "slow:5"})  # of a short answer
    client = own_server.client()
    model = client.models.list().data[0].id
    whole = text_of(stream(client, model))
    assert whole[1] == "stop" and len(whole[0]) > 100
    for _ in range(count(2, 10)):
        chunks = iter(stream(client, model))
        said = [next(chunks) for _ in range(5)]
        killed = own_server.kill_engine()
        assert text_of([*said, *chunks]) == whole
        answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "What is 2 + 3?"}], temperature=0, max_tokens=16)
        assert "5" in answer.choices[0].message.content
        wait_until(lambda killed=killed: killed not in own_server.engines(), RECOVERY_SECONDS_MAX, "the dead engine is gone")
        assert len(own_server.engines()) == 1


def test_a_request_that_was_there_when_two_engines_died_is_tried_alone_and_goes_on(start_server):
    """SIGSEGV while it is answered, twice, and it was not its fault. (`chaos/test_poison.py` has one whose fault it is.)"""
    server = start_server("--probes", "off", environment=SLOW)  # whose questions might be what runs when it dies
    client = server.client()
    model = client.models.list().data[0].id

    def runs(but):
        """Counters that were asked for while another engine was there already: those of the first answer may still be the one's that is gone."""
        engines = [server.status()["engine"] for _ in range(2)]
        return all(engine["pid"] != but and (engine.get("stats") or {}).get("running") == 1 for engine in engines)

    whole = text_of(long_stream(client, model))
    running = long_stream(client, model)
    killed = None
    for _ in range(2):
        wait_until(lambda: runs(killed), RECOVERY_SECONDS_MAX, "an engine runs the request")
        killed = server.kill_engine("SIGSEGV")
    assert text_of(running) == whole
    assert "request_on_trial" in server.log() and "request_acquitted" in server.log()


def test_killed_while_idle(own_server):
    client = own_server.client()
    model = client.models.list().data[0].id
    restarts = own_server.status()["engine"]["restarts"]
    own_server.kill_engine()
    wait_until(lambda: own_server.status()["engine"]["restarts"] == restarts + 1, RECOVERY_SECONDS_MAX, "the restart is counted")
    wait_until(lambda: own_server.request("GET", "/ready")[0] == 200, RECOVERY_SECONDS_MAX, "the server is ready again")
    assert client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}], max_tokens=4).choices


def test_not_ready_while_the_engine_is_away(own_server):
    """Health is about the server, readiness about its engine."""
    own_server.kill_engine()
    wait_until(lambda: own_server.request("GET", "/ready")[0] == 503 or own_server.status()["engine"]["restarts"] > 0,
               RECOVERY_SECONDS_MAX, "the death is noticed")
    assert own_server.request("GET", "/health")[0] == 200
    wait_until(lambda: own_server.request("GET", "/ready")[0] == 200, RECOVERY_SECONDS_MAX, "the server is ready again")


@pytest.mark.parametrize("what, told", [("changed", "have changed since this answer began"), ("damaged", "model.safetensors")])
def test_an_answer_goes_on_with_the_files_that_it_began_with_or_not_at_all(what, told, start_server, tmp_path):
    """It went on with other weights and said nothing; of damaged ones it heard after 120 s that "no engine was ready"."""
    shutil.copytree(SMOKE_MODEL, tmp_path / "mine")
    weights = tmp_path / "mine" / "model.safetensors"
    server = start_server(tmp_path / "mine", "--probes", "off", environment=SLOW)
    chunks = iter(long_stream(server.client(max_retries=0), "mine"))
    for _ in range(5):
        next(chunks)
    engine = server.engine_pid()
    os.kill(engine, signal.SIGSTOP)  # it must not be through
    if what == "changed":
        os.utime(weights)
    else:
        os.truncate(weights, 1000)
    os.kill(engine, signal.SIGKILL)
    with pytest.raises(openai.APIError) as refusal:
        list(chunks)
    assert told in str(refusal.value)
    assert "request_put_off" not in server.log()
