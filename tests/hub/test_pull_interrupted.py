"""Lines that break, programs that are killed, two at once: what was loaded is gone on from, and nothing half is ever a model."""

import signal

import pytest

from hub_home import NAME, RUN_SECONDS_MAX, read, safetensors, small_model
from local_hub import Held, sha256
from programs import wait_until

WEIGHTS = "model.safetensors"
HALF = 150_000


def held(hub):
    mishap = Held(HALF)
    hub.mishaps[WEIGHTS].append(("held", mishap))
    return mishap


def partial(home, files):
    path = home.blob(sha256(files[WEIGHTS]) + ".incomplete")
    return path.stat().st_size if path.exists() else 0


def stand_still(process, mishap, home, files):
    assert mishap.reached.wait(RUN_SECONDS_MAX)
    wait_until(lambda: partial(home, files) == HALF, RUN_SECONDS_MAX, "half of it lies on the disk")
    assert process.poll() is None
    assert not home.half_visible()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=lambda s: s.name)
def test_a_pull_that_was_ended_goes_on(home, hub, small, how):
    mishap = held(hub)
    process = home.start("pull", NAME)
    try:
        stand_still(process, mishap, home, small)
        process.send_signal(how)
        _, said = process.communicate(timeout=RUN_SECONDS_MAX)
    finally:
        process.kill()
        mishap.go.set()
    if how == signal.SIGINT:
        assert process.returncode == 2 and "stopped; what was loaded is kept" in said, said
    assert partial(home, small) == HALF and not home.half_visible()
    assert read(home.pull())[WEIGHTS] == small[WEIGHTS]
    assert [headers.get("Range") for headers in hub.asked("store", WEIGHTS)] == [None, f"bytes={HALF}-"]


def test_two_pulls_load_it_once(home, hub, small):
    mishap = held(hub)
    first = home.start("pull", NAME)
    second = None
    try:
        stand_still(first, mishap, home, small)
        second = home.start("pull", NAME)
        assert f"process {first.pid} is at org/small already" in second.stderr.readline()
        mishap.go.set()
        outs = [process.communicate(timeout=RUN_SECONDS_MAX)[0] for process in (first, second)]
    finally:
        mishap.go.set()
        for process in filter(None, (first, second)):
            process.kill()
            process.wait()
    assert (first.returncode, second.returncode) == (0, 0) and outs[0] == outs[1]
    assert len(hub.asked("store", WEIGHTS)) == 1


def test_several_files_come_beside_each_other(home, hub):
    mishaps = [Held(1000) for _ in range(3)]
    files = small_model(**{f"model-{i}.safetensors": safetensors(5000, seed=i) for i in range(3)})
    del files[WEIGHTS]
    hub.add(NAME, files)
    for i, mishap in enumerate(mishaps):
        hub.mishaps[f"model-{i}.safetensors"].append(("held", mishap))
    process = home.start("pull", NAME)
    try:
        assert all(mishap.reached.wait(RUN_SECONDS_MAX) for mishap in mishaps), "one waits for another"
        assert [len(hub.asked("store", f"model-{i}.safetensors")) for i in range(3)] == [1, 1, 1], "or for another's end"
    finally:
        for mishap in mishaps:
            mishap.go.set()
        process.communicate(timeout=RUN_SECONDS_MAX)
    assert process.returncode == 0


def test_a_line_that_breaks_is_taken_up(home, hub, small):
    hub.mishaps[WEIGHTS] += [("cut", 100_000), ("cut", 100_000)]
    assert read(home.pull())[WEIGHTS] == small[WEIGHTS]
    assert [headers.get("Range") for headers in hub.asked("store", WEIGHTS)] == [None, "bytes=100000-", "bytes=200000-"]


def test_a_store_that_knows_no_ranges_begins_anew(home, hub, small):
    hub.mishaps[WEIGHTS] += [("cut", 100_000), ("no ranges", None)]
    assert read(home.pull())[WEIGHTS] == small[WEIGHTS]
    assert [headers.get("Range") for headers in hub.asked("store", WEIGHTS)] == [None, "bytes=100000-"]


PLAIN = "tokenizer.json"
OLD, NEW = (b'"' + letter * 200_000 + b'"' for letter in (b"o", b"n"))


def test_a_file_without_a_hash_is_gone_on_with(home, hub, small):
    hub.tells_blobs, hub.versions[PLAIN] = False, [("v1", OLD)]
    hub.mishaps[PLAIN].append(("cut", 100_000))
    assert read(home.pull())[PLAIN] == OLD
    assert [(headers.get("Range"), headers.get("If-Range")) for headers in hub.asked("hub", PLAIN)] == [(None, None), ("bytes=100000-", '"v1"')]


@pytest.mark.parametrize("versions", [[("v1", OLD), ("v2", NEW)], [("v1", OLD), ("v1", OLD), ("v2", NEW)]], ids=["before it comes", "before it goes on"])
def test_a_file_without_a_hash_that_is_replaced_meanwhile_is_no_model(versions, home, hub, small):
    hub.tells_blobs, hub.versions[PLAIN] = False, list(versions)
    hub.mishaps[PLAIN].append(("cut", 100_000))
    told = home.run("pull", NAME)
    assert told.returncode == 2 and "contradicts itself" in told.stderr and "v2" in told.stderr, told.stderr
    assert not home.half_visible() and not home.blob("v1").exists()
    assert read(home.pull())[PLAIN] == NEW


def test_a_partial_file_that_is_longer_than_the_whole_is_thrown_away(home, hub, small):
    path = home.blob(sha256(small[WEIGHTS]) + ".incomplete")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 400_000)
    assert read(home.pull())[WEIGHTS] == small[WEIGHTS]
    assert [headers.get("Range") for headers in hub.asked("store", WEIGHTS)] == [None]


def test_a_whole_partial_file_is_not_loaded_again(home, hub, small):
    path = home.blob(sha256(small[WEIGHTS]) + ".incomplete")
    path.parent.mkdir(parents=True)
    path.write_bytes(small[WEIGHTS])
    assert read(home.pull())[WEIGHTS] == small[WEIGHTS]
    assert not hub.asked("store", WEIGHTS)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_hub_is_asked_again_when_it_says(home, hub, small, status):
    hub.mishaps["list"].append(("status", status, {"Retry-After": "1"}))
    hub.mishaps[WEIGHTS].append(("status", status, {"Retry-After": "1"}))
    result = home.run("pull", NAME)
    assert result.returncode == 0 and result.stderr.count("trying again in 1 s") == 2, result.stderr


def test_a_busy_hub_that_wants_an_hour_is_given_up(home, hub, small):
    hub.mishaps["list"].append(("status", 429, {"Retry-After": "3600"}))
    result = home.run("pull", NAME)
    assert result.returncode == 2 and "asked again in 3600 s" in result.stderr and "What was loaded is kept" in result.stderr
    assert len(hub.requests) == 1
