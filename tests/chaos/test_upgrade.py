"""Another engine takes the place of the one that runs, on purpose: no request notices but by a pause."""

import shutil
import subprocess

from programs import count, program, wait_until
from streams import Clients, expected_answers

RESTARTS = count(3, 30)
CLIENTS = 8


def restart(server, *arguments):
    return subprocess.run([program("sanctum"), "worker", "restart", "--state-dir", str(server.state_dir), *map(str, arguments)], capture_output=True, text=True, timeout=150)


def program_of(pid):
    command = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, timeout=30, check=True).stdout
    return command.split()[0]


def test_restarts_and_upgrades_lose_nothing(own_server, tmp_path, figures):
    client = own_server.client()
    model = client.models.list().data[0].id
    expected = expected_answers(client, model)
    another = tmp_path / "sanctum-engine"
    shutil.copy2(program("sanctum-engine"), another)
    with Clients(own_server, model, expected, CLIENTS) as clients:
        for number in range(RESTARTS):
            before = own_server.engine_pid()
            told = restart(own_server, *(("--engine", another) if number % 3 == 1 else ()))
            assert told.returncode == 0, told.stdout + told.stderr
            assert own_server.engines() != [before]
            enough = clients.heard + 200
            wait_until(lambda enough=enough: clients.heard >= enough, 60, "the streams go on")
    figures.note(f"engine replaced on purpose, {RESTARTS} times, {CLIENTS} streams", "0 failed, 0 different", clients.told())
    assert not clients.failed and not clients.wrong and clients.right
    assert program_of(own_server.engine_pid()) == str(another)
    assert own_server.status()["incidents"] == []


def test_an_engine_that_is_none_gives_way_to_the_one_before(own_server, tmp_path):
    before = program_of(own_server.engine_pid())
    none = tmp_path / "none"
    none.write_text("#!/bin/sh\nexit 78\n")
    none.chmod(0o700)
    told = restart(own_server, "--engine", none)
    assert told.returncode == 1 and program_of(own_server.engine_pid()) == before
    assert "engine_replacement_failed" in own_server.log()
    assert "worker.replacement" in [row["key"] for row in own_server.status()["incidents"]], "a person is told, too"


def test_an_engine_that_is_not_there_is_refused(own_server, tmp_path):
    pid = own_server.engine_pid()
    told = restart(own_server, "--engine", tmp_path / "nothing")
    assert told.returncode == 2 and "there is no program that can be run" in told.stderr
    assert own_server.engine_pid() == pid
