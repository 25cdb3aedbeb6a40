"""What `stats` tells of memory: once it left out the packed weights and the keys and values, nearly all there is."""

import pytest

import processes
from engine_process import Engine
from programs import SMOKE_MODEL


@pytest.mark.parametrize("kernels", ["cpu", "mlx"])
def test_stats_count_weights_and_keys_and_values(kernels):
    engine = Engine("--kernels", kernels)
    try:
        empty = engine.call("stats")
        weights = engine.load(SMOKE_MODEL)["weight_bytes"]
        loaded = engine.call("stats")
        assert loaded["held_bytes"] - empty["held_bytes"] >= 0.9 * weights
        assert (loaded["packed_bytes"] >= 0.9 * weights) == (kernels == "cpu"), "MLX counts its own"
        assert loaded["footprint_bytes"] - empty["footprint_bytes"] >= 0.8 * weights

        engine.call("generate", request="r", model="m", prompt_ids=list(range(20, 220)),
                    sampling={"temperature": 0, "max_tokens": 4, "ignore_eos": True})
        engine.completed("r")
        served = engine.call("stats")
        # Four blocks of 64 tokens were used, and three are kept.
        assert served["arena_bytes"] == (served["prefix_bytes"] / 3 * 4 if kernels == "cpu" else 0)
        assert served["prefix_bytes"] > 0
        parts = [served[part] for part in ("packed_bytes", "arena_bytes", "active_bytes", "cache_bytes")]
        assert served["held_bytes"] == sum(parts)
        resident = processes.resident_bytes(engine.process.pid)
        assert 0.5 < served["footprint_bytes"] / resident < 2

        engine.call("unload_model", model="m")
        gone = engine.call("stats")
        assert (gone["packed_bytes"], gone["arena_bytes"]) == (0, 0)
        assert gone["held_bytes"] < 0.1 * weights
    finally:
        engine.stop()
