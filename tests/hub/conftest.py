"""A local hub, and a home that downloads from it."""

import pytest

from hub_home import NAME, Home, small_model
from local_hub import LocalHub


@pytest.fixture
def hub():
    running = LocalHub()
    yield running
    running.close()


@pytest.fixture
def home(tmp_path, hub):
    return Home(tmp_path, hub)


@pytest.fixture
def small(hub):
    """The files of NAME, on the hub."""
    files = small_model()
    hub.add(NAME, files)
    return files
