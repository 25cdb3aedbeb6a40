"""Fixtures: one server for the tests that leave it as it was, fresh ones for those that don't."""

import pytest

from engine_process import Engine
from programs import PROVE, SMOKE_MODEL
from real_model import prepare
from sanctum_server import Server

LOG_SHOWN = 4000  # characters
PROVE_SECONDS_MAX = 1800  # of one test at its full count; pytest.ini has the limit of a short one


def pytest_collection_modifyitems(items):
    for item in items:
        if PROVE and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(PROVE_SECONDS_MAX))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the server's last lines to a failure."""
    report = yield
    if report.failed:
        used = {id(value): value for value in getattr(item, "funcargs", {}).values() if isinstance(value, (Server, Engine))}
        for value in used.values():
            report.sections.append((f"{type(value).__name__.lower()} log", value.log()[-LOG_SHOWN:]))
    return report


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Shared: a test that uses it must not kill, fill or reconfigure it."""
    running = Server(tmp_path_factory.mktemp("state"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_server(tmp_path):
    running = Server(tmp_path / "state")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def start_server(tmp_path):
    """A function that makes a server with arguments; what it made is stopped afterwards."""
    started = []

    def make(*arguments, environment=None, **how):
        made = Server(tmp_path / f"state{len(started)}", *arguments, environment=environment)
        started.append(made)
        return made.start(**how)

    yield make
    for made in started:
        made.stop()


@pytest.fixture(scope="session")
def client(server):
    return server.client()


@pytest.fixture(scope="session")
def model(client):
    return client.models.list().data[0].id


@pytest.fixture
def engine():
    running = Engine()
    yield running
    running.stop()


@pytest.fixture
def loaded_engine(engine):
    """An engine with the built-in model as "m"."""
    engine.load(SMOKE_MODEL)
    return engine


@pytest.fixture(scope="session")
def real_model():
    """The directory of SmolLM2-135M-Instruct with its 4-bit weights; fetched and converted where it isn't yet."""
    return prepare.prepared().model
