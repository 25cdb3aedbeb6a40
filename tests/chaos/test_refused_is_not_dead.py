"""What is refused or mistrusted is not dead: no probe acts on it. What is stopped is, and is found."""

import os
import resource
import signal
import socket
import sqlite3
import ssl
from urllib.parse import urlsplit

import pytest

import processes
from programs import BUILT_IN, count, wait_until
from streams import QUESTIONS, answer

OFTEN = ("--alive-every-s", "1", "--alive-again-s", "1", "--alive-limit-s", "2", "--alive-act-after", "2", "--alive-page-after", "3", "--works-every-s", "3600")
CONNECTIONS = 2048  # that a gateway keeps; gateway/connection.h
IDLE = CONNECTIONS + count(60, 1000)  # of 4096 descriptors, which is all that MLX leaves a process that imports it
DESCRIPTORS_BESIDE = 512  # for clients, pipes and the journal
PROBE_RUNS = 4  # more than it takes to act
SECONDS_MAX = 60


def runs_of_alive(server, name="listener "):
    """How often the probe has run, and how its last run judged."""
    with sqlite3.connect(f"file:{server.state_dir}/journal.db?mode=ro", uri=True) as journal:
        rows = journal.execute("SELECT name, passed FROM checks WHERE name LIKE ? ORDER BY rowid", (name + "%",)).fetchall()
    return rows


def wait_for_more_runs(server):
    before = len(runs_of_alive(server))
    wait_until(lambda: len(runs_of_alive(server)) >= before + 2 * PROBE_RUNS, SECONDS_MAX, "the probe ran more often than it takes to act")


def incident(server, begin):
    return next((row for row in server.status()["incidents"] if row["key"].startswith(begin)), None)


@pytest.fixture
def idle_connections():
    """A function that opens as many as are asked for; they are closed also where the test fails, so that others find descriptors again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = processes.open_descriptors(os.getpid()) + IDLE + DESCRIPTORS_BESIDE
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.fail(f"this test opens {wanted} descriptors, and the system allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    opened = []

    def connect(url, number):
        where = urlsplit(url)
        for _ in range(number):
            opened.append(socket.create_connection((where.hostname, where.port)))
        return opened

    yield connect
    for connection in opened:
        connection.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_idle_connections_beyond_the_limit_keep_nobody_out(start_server, idle_connections):
    """Newcomers were refused, and `alive` with them, who had the gateway killed; the oldest idle connection goes instead."""
    server = start_server(*OFTEN)
    gateway = server.gateway_pid()
    idle = idle_connections(server.url, IDLE)
    for _ in range(3):
        assert server.request("GET", "/health")[0] == 200
    wait_for_more_runs(server)
    assert server.gateway_pid() == gateway and "gateway_hangs" not in server.log()
    assert all(passed for _, passed in runs_of_alive(server))
    idle[0].settimeout(SECONDS_MAX)
    assert idle[0].recv(1) == b"", "the one that was idle longest has gone"
    assert "connections_evicted" in server.log()


def test_a_certificate_that_does_not_name_the_address_pages_and_kills_nobody(start_server):
    """The probe took the mistrust for death, every 15 s."""
    server = start_server(*OFTEN, mtls_listen="127.0.0.2:0")
    context = server.ssl_context()
    where = urlsplit(server.mtls_url)
    with socket.create_connection((where.hostname, where.port)) as connection, context.wrap_socket(connection, server_hostname=where.hostname) as trusted:
        assert ("IP Address", "127.0.0.2") in trusted.getpeercert()["subjectAltName"], "what we make ourselves has the name"
    server.stop()

    # One that somebody else made: it names localhost, and without its authority's key no name can be added.
    strange = start_server(*OFTEN, mtls_listen="127.0.0.1:0")
    strange.stop()
    (strange.certificates / "ca.key").unlink()
    strange.start(mtls_listen="127.0.0.2:0")
    gateway = strange.gateway_pid()
    assert "server_certificate_lacks name=127.0.0.2" in strange.log()
    wait_until(lambda: (incident(strange, "probe.alive.admission at https://127.0.0.2") or {}).get("level") == "page", SECONDS_MAX, "somebody is paged")
    wait_for_more_runs(strange)
    assert strange.gateway_pid() == gateway and "gateway_hangs" not in strange.log()
    assert all(passed for _, passed in runs_of_alive(strange))
    assert strange.request("GET", "/health")[0] == 200


def test_every_address_is_probed_over_loopback(start_server):
    """Nobody is named 0.0.0.0, so a listener there was dead to its probe."""
    server = start_server(*OFTEN, listen="off", mtls_listen="0.0.0.0:0")
    wait_until(lambda: len(runs_of_alive(server)) > 2, SECONDS_MAX, "the probe ran")
    names = {name for name, _ in runs_of_alive(server, "") if "https" in name}
    assert all("https://127.0.0.1:" in name for name in names)
    assert all(passed for _, passed in runs_of_alive(server, "admission "))


@pytest.mark.parametrize("listener", ["http", "https"])
def test_a_stopped_gateway_is_found_by_each_listener(start_server, listener):
    """The system takes its connections, which is no sign of life; whoever answers through TLS alone is found as well."""
    off = {"listen": "off"} if listener == "https" else {"mtls_listen": "off"}
    server = start_server(*OFTEN, **off)
    gateway = server.gateway_pid()
    os.kill(gateway, signal.SIGSTOP)
    wait_until(lambda: processes.gateways_of(server.process.pid) not in ([], [gateway]), SECONDS_MAX, "another gateway runs")
    assert "gateway_hangs" in server.log()
    wait_until(lambda: server.log().count("\nready ") >= 2, SECONDS_MAX, "it is ready")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="this system cannot lower another process's limits")
def test_a_gateway_without_descriptors_survives_and_recovers(start_server):
    """Its accept fails: who is idle goes, and then newcomers are turned away; nobody waits unheard, so the probe kills nobody."""
    server = start_server(*OFTEN, "--queue", "64")
    gateway = server.gateway_pid()
    where = urlsplit(server.url)
    few = processes.open_descriptors(gateway)
    idle = [socket.create_connection((where.hostname, where.port)) for _ in range(40)]
    wait_until(lambda: processes.open_descriptors(gateway) >= few + len(idle), SECONDS_MAX, "they are let in")
    before = resource.prlimit(gateway, resource.RLIMIT_NOFILE)
    resource.prlimit(gateway, resource.RLIMIT_NOFILE, (max(int(name) for name in os.listdir(f"/proc/{gateway}/fd")), before[1]))
    wait_until(lambda: idle.append(socket.create_connection((where.hostname, where.port))) or "accept_failed" in server.log(), SECONDS_MAX, "there is none left")
    for _ in range(10):
        assert server.request("GET", "/health")[0] == 200, "an idle one made room"
    wait_for_more_runs(server)
    assert server.gateway_pid() == gateway and "gateway_hangs" not in server.log()
    resource.prlimit(gateway, resource.RLIMIT_NOFILE, before)
    for connection in idle:
        connection.close()
    assert answer(server.client(), BUILT_IN, QUESTIONS[0])[0]
