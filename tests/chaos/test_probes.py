"""Probes: a server that says that it is ready has been proven to be, and one that is not is put right."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

import processes
from programs import BUILT_IN, SMOKE_MODEL, at_most, count, program, wait_until
from streams import QUESTIONS, answer

OFTEN = ("--alive-every-s", "1", "--alive-again-s", "1", "--alive-limit-s", "1", "--works-every-s", "1", "--works-again-s", "1")
HUNG_SECONDS_MAX = 15
SATURATED_SECONDS = count(10, 600)
LOUD_CLIENTS = 24


def ready(server):
    status, _, body = server.request("GET", "/ready")
    return status, json.loads(body)


def test_ready_says_what_was_proven_and_when(own_server):
    status, body = ready(own_server)
    assert status == 200
    assert {(row["model"], row["modality"]) for row in body["proofs"]} == {(BUILT_IN, "text"), (BUILT_IN, "vision")}
    for row in body["proofs"]:
        assert row["proven"] and row["age_s"] < 60 and "works" in row["by"]


def test_proofs_grow_old(start_server):
    server = start_server("--proof-age-max-s", "1")
    wait_until(lambda: ready(server)[0] == 503, 30, "the proof is too old")
    assert ready(server)[1]["status"] == "unproven" and "last proven to work" in ready(server)[1]["reason"]
    told = subprocess.run([program("sanctum"), "models", "--url", server.url, "--state-dir", str(server.state_dir)], capture_output=True, text=True, timeout=60)
    assert f"{BUILT_IN}  unproven, context " in told.stdout and "last proven to work" in told.stdout, "it was called ready: " + told.stdout
    assert server.request("GET", "/health")[0] == 200


def test_a_stopped_gateway_is_replaced(start_server, figures):
    """It holds its port and says nothing: only somebody outside can see that."""
    server = start_server(*OFTEN)
    gateway, engine = server.gateway_pid(), server.engine_pid()
    os.kill(gateway, signal.SIGSTOP)
    begin = time.monotonic()
    wait_until(lambda: processes.gateways_of(server.process.pid) not in ([], [gateway]), 60, "another gateway runs")
    replaced = time.monotonic() - begin
    wait_until(lambda: answers(server), 60, "it is ready")
    figures.note("SIGSTOP of the gateway, probed every second: replaced", f"<= {HUNG_SECONDS_MAX} s", f"{replaced:.1f} s, ready after {time.monotonic() - begin:.1f} s")
    assert replaced <= at_most(HUNG_SECONDS_MAX)
    assert not processes.alive(engine), "no engine stays behind"
    assert "gateway_hangs" in server.log()


def answers(server):
    try:
        return ready(server)[0] == 200
    except OSError:
        return False


def test_an_engine_that_lies_is_found_out_and_replaced(start_server, figures):
    """Every token it says is another than the one it chose; it beats, it decodes, it answers 200."""
    server = start_server(*OFTEN, "--works-warn-after", "1", "--works-act-after", "2", "--works-page-after", "9",
                          environment={"SANCTUM_FAULT": "lie-after:2000"})
    client = server.client()
    truth = answer(client, BUILT_IN, QUESTIONS[0])[0]
    begin, lied = None, None
    while begin is None:
        if answer(client, BUILT_IN, QUESTIONS[0])[0] != truth:
            begin, lied = time.monotonic(), server.engine_pid()
    wait_until(lambda: any(row["key"].startswith("probe.works") for row in server.status()["incidents"]) or server.engines() != [lied], 60, "it is noticed")
    noticed = time.monotonic() - begin
    wait_until(lambda: server.engines() not in ([], [lied]), 60, "another engine runs")
    figures.note("an engine that answers wrongly, asked every second: noticed", "<= one period", f"{noticed:.1f} s, replaced after {time.monotonic() - begin:.1f} s")
    wait_until(lambda: answers(server), 60, "it is ready")
    assert answer(client, BUILT_IN, QUESTIONS[0])[0] == truth


def test_saturation_is_no_fault(start_server, figures):
    """Every place taken and every place to wait: probes have a place of their own, and restart nothing."""
    server = start_server(*OFTEN, "--max-sequences", "4", "--queue", "8")
    over = threading.Event()

    def shout():
        client = server.client()
        while not over.is_set():
            try:
                answer(client, BUILT_IN, {**QUESTIONS[0], "max_tokens": 400, "extra_body": {"ignore_eos": True}})
            except Exception:  # most are refused
                time.sleep(0.01)

    threads = [threading.Thread(target=shout) for _ in range(LOUD_CLIENTS)]
    for thread in threads:
        thread.start()
    pids = server.gateway_pid(), server.engine_pid()
    worst, end = 0.0, time.monotonic() + SATURATED_SECONDS
    while time.monotonic() < end:
        status, body = ready(server)
        assert status == 200, body
        worst = max([worst] + [row["age_s"] for row in body["proofs"]])
        over.wait(0.2)
    incidents = server.status()["incidents"]
    over.set()
    for thread in threads:
        thread.join()
    with sqlite3.connect(f"file:{server.state_dir}/journal.db?mode=ro", uri=True) as journal:
        runs, failed = journal.execute("SELECT count(*), sum(NOT passed) FROM checks WHERE name LIKE '%in vision'").fetchone()
    figures.note(f"{SATURATED_SECONDS} s of saturation: restarts, incidents, failed proofs", "0, 0, 0",
                 f"{int((server.gateway_pid(), server.engine_pid()) != pids)}, {len(incidents)}, {failed} of {runs}; oldest proof {worst:.0f} s")
    assert (server.gateway_pid(), server.engine_pid()) == pids
    assert incidents == [] and failed == 0 and runs > 2


@pytest.fixture
def stranger(tmp_path):
    """A model of which nothing is known but what it said first: the built-in one, without its name and its questions."""
    directory = tmp_path / "stranger"
    shutil.copytree(SMOKE_MODEL, directory, ignore=shutil.ignore_patterns("battery.json", "recipe"))
    return directory


def details(server):
    """What the probe 'works' found of a text model, run by run."""
    with sqlite3.connect(f"file:{server.state_dir}/journal.db?mode=ro", uri=True) as journal:
        return [detail for detail, in journal.execute("SELECT detail FROM checks WHERE probe = 'works' AND name LIKE '%in text' ORDER BY number")]


def incidents(server):
    return [row["key"] for row in server.status()["incidents"]]


def test_what_a_probe_cannot_record_is_no_verdict(start_server, stranger, tmp_path):
    """A disk that takes no golden (it was full): that is the probe's fault, and no healthy engine is replaced for it."""
    goldens = tmp_path / "state0" / "goldens"
    goldens.parent.mkdir(mode=0o700)
    goldens.write_text("where the directory should be")
    server = start_server(str(stranger), *OFTEN, "--works-act-after", "1")
    engine = server.engine_pid()
    wait_until(lambda: sum("cannot be compared" in detail for detail in details(server)) >= 3, 60, "it was asked again and again")
    assert server.engines() == [engine] and incidents(server) == ["probe.works.the probe itself"]
    goldens.unlink()
    wait_until(lambda: incidents(server) == [], 60, "it is recorded")
    assert server.engines() == [engine] and list(goldens.glob("*.json"))


def test_another_arithmetic_is_no_lie(start_server, stranger):
    """After an upgrade that computes otherwise, what a model said before is recorded anew; what it says then has to come again."""
    server = start_server(str(stranger), *OFTEN, "--works-act-after", "1")
    golden = wait_until(lambda: list((server.state_dir / "goldens").glob("*.arithmetic.json")), 60, "it is recorded")[0]
    server.stop()
    said = json.loads(golden.read_text())
    assert "keys and values as stored" in said["terms"] and re.search(r"rows of \d+ bits", said["terms"])
    golden.write_text(json.dumps({**said, "answer": "something else", "terms": re.sub(r"format \d+", "format 0", said["terms"])}))
    server.start()
    engine = server.engine_pid()
    wait_until(lambda: any("recorded anew" in detail and "format 0" in detail for detail in details(server)), 60, "it is recorded anew, and told")
    runs = len(details(server))
    wait_until(lambda: len(details(server)) >= runs + 3, 60, "it is asked again")
    assert server.engines() == [engine] and incidents(server) == [] and json.loads(golden.read_text()) == said
    golden.write_text(json.dumps({**said, "answer": "something else"}))
    wait_until(lambda: server.engines() not in ([], [engine]), 60, "on the same terms it would be a lie")


def test_probes_that_die_are_started_again(start_server):
    server = start_server()
    probes = wait_until(lambda: processes.probes_of(server.process.pid), 30, "the probes run")[0]
    os.kill(probes, signal.SIGKILL)
    wait_until(lambda: processes.probes_of(server.process.pid) not in ([], [probes]), 30, "they run again")


@pytest.mark.parametrize("option", ["--alive-every-s", "--works-act-after"])
def test_numbers_of_probes_have_bounds(option):
    result = subprocess.run([program("sanctum"), "serve", option, "-1"], capture_output=True, text=True, timeout=30)
    assert result.returncode == 2 and option in result.stderr + result.stdout
