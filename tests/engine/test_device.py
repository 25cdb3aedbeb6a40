"""On a machine with a GPU our kernels are still a CPU's: nothing of their graph may land elsewhere."""

import sys

import pytest

from engine_process import Engine, Refused
from programs import SMOKE_MODEL, program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a preloaded library is how MLX is made to believe in a GPU")


@pytest.fixture
def start(monkeypatch):
    """Starts engines whose MLX takes the machine for one with a GPU."""
    started = []

    def make(*arguments):
        monkeypatch.setenv("LD_PRELOAD", program("sanctum_believed_gpu.so"))
        started.append(Engine(*arguments))
        return started[-1]

    yield make
    for engine in started:
        engine.stop()


def test_the_machine_is_taken_for_one_with_a_gpu(start):
    """Or the next test would show nothing."""
    with pytest.raises(Refused) as refused:
        start("--kernels", "mlx").load(SMOKE_MODEL)
    assert "gpu" in refused.value.text


def test_our_kernels_compute_all_of_the_graph_on_the_cpu(start):
    engine = start("--kernels", "cpu")
    engine.load(SMOKE_MODEL)
    assert engine.call("stats")["device"] == "cpu"
    engine.call("generate", request="r", model="m", messages=[{"role": "user", "content": "What is 17 + 25?"}],
                sampling={"max_tokens": 32, "temperature": 0})
    assert engine.completed("r")["finish_reason"] == "stop"
    assert "42" in engine.text("r")
