"""/status, /metrics and the page tell the memory that the engine really has."""

import re

import processes


def test_status_and_metrics_tell_what_the_engine_holds(server):
    status = server.status()
    stats = status["engine"]["stats"]
    weights = sum(model["weight_bytes"] for model in status["models"])
    assert weights > 0
    assert stats["held_bytes"] >= 0.9 * weights
    assert 0.5 < stats["footprint_bytes"] / processes.resident_bytes(server.engine_pid()) < 2
    told = server.request("GET", "/metrics")[2]
    found = dict(re.findall(r'sanctum_engine_memory_bytes\{kind="(\w+)"\} (\S+)', told))
    assert {"held", "footprint", "packed_weights", "kv_arena", "active", "cache"} <= found.keys()
    assert float(found["held"]) >= 0.9 * weights
    assert 'bytes(stats.footprint_bytes), "engine memory"' in server.request("GET", "/page/server.js")[2]
