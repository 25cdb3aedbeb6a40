"""Damaged model directories: the load error names file and tensor, and the engine stays up."""

import json
import math
import os
import shutil

import pytest

import damaged_models
import tiny_checkpoints
from damaged_models import WEIGHTS
from engine_process import Engine, Refused
from programs import SMOKE_MODEL
from safetensors_file import read, write, write_with

PROMPT = list(range(20, 60))
READ_BYTES_MAX = 64 << 20  # of a damaged model, whose files have 8 MB


@pytest.fixture
def broken(tmp_path):
    """A copy of the built-in model to damage."""
    copy = tmp_path / "model"
    shutil.copytree(SMOKE_MODEL, copy, ignore=shutil.ignore_patterns("recipe", "*.md"))
    return copy


def held(engine):
    """The engine's own numbers of what models take."""
    stats = engine.call("stats")
    return {part: stats[part] for part in ("packed_bytes", "active_bytes")}


def bytes_read(engine):
    """By all system calls so far; 0 where the system doesn't count them."""
    counts = f"/proc/{engine.process.pid}/io"
    if not os.path.exists(counts):
        return 0
    with open(counts) as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("rchar"))


@pytest.fixture(scope="module")
def serving():
    """An engine that serves the built-in model as "good", and what that answers to PROMPT."""
    engine = Engine()
    engine.load(SMOKE_MODEL, model="good")
    ask(engine, "alone")
    engine.completed("alone")
    yield engine
    engine.stop()


def ask(engine, request):
    engine.call("generate", request=request, model="good", prompt_ids=PROMPT, sampling={"temperature": 0, "max_tokens": 200, "ignore_eos": True})


@pytest.mark.parametrize("kind", damaged_models.KINDS)
def test_a_damaged_model_is_refused_by_name_and_costs_nothing(serving, broken, kind):
    """File, tensor and reason; nothing stays of it, what is not needed is not read, and another model's answer goes on."""
    named = damaged_models.KINDS[kind](broken)
    memory = held(serving)
    before = bytes_read(serving)
    ask(serving, kind)
    with pytest.raises(Refused) as refused:
        serving.load(broken, model=kind)
    for name in named:
        assert name in str(refused.value)
    assert [m["state"] for m in serving.call("models")["models"] if m["model"] == kind] in ([], ["failed"])
    assert serving.completed(kind)["finish_reason"] == "length"
    assert serving.ids(kind) == serving.ids("alone")
    assert held(serving) == memory
    assert bytes_read(serving) - before < READ_BYTES_MAX


def mistakes(dtype, shape, at):
    """Tensors of another type, of another rank and with one dimension of another size."""
    for other in ("I32", "I8", "F64", "BOOL"):
        yield other, shape
    yield dtype, [1, *shape] if len(shape) == 1 else [math.prod(shape)]
    side = at % len(shape)
    yield dtype, [size + (i == side) for i, size in enumerate(shape)]


@pytest.mark.parametrize("quantized", [False, True], ids=["plain", "quantized"])
@pytest.mark.parametrize("architecture", tiny_checkpoints.CONFIGS)
def test_every_tensor_of_another_kind_is_refused_by_name(engine, tmp_path, architecture, quantized):
    """Each in turn: integers would be read as numbers, and a short norm beyond its end."""
    directory = tmp_path / architecture
    header, data = tiny_checkpoints.save(directory, architecture, quantized)
    for at, (name, stored) in enumerate(header.items()):
        for dtype, shape in mistakes(stored["dtype"], stored["shape"], at):
            write_with(directory / WEIGHTS, header, data, name, dtype, shape)
            with pytest.raises(Refused) as refused:
                engine.load(directory)
                pytest.fail(f"{name} as {dtype} {shape} is ready")
            for part in (name, WEIGHTS):
                assert part in refused.value.text, (name, dtype, shape)
    write(directory / WEIGHTS, header, data)
    assert engine.load(directory)["state"] == "ready"
    engine.call("generate", request="r", model="m", messages=[{"role": "user", "content": "hi"}], sampling={"max_tokens": 4, "ignore_eos": True})
    assert engine.completed("r")["finish_reason"] == "length"


@pytest.mark.parametrize("part", ["scales", "biases"])
def test_scales_of_another_type_than_their_biases_are_refused_by_name(engine, tmp_path, part):
    """Both are read by one type: the wider one's neighbour would be read beyond its end."""
    directory = tmp_path / "model"
    header, data = tiny_checkpoints.save(directory, "qwen3", quantized=True)
    path = "model.layers.0.mlp.up_proj"
    for dtype in ("F32", "F16"):
        write_with(directory / WEIGHTS, header, data, f"{path}.{part}", dtype, header[f"{path}.{part}"]["shape"])
        with pytest.raises(Refused) as refused:
            engine.load(directory)
        assert f"{path}.biases" in refused.value.text and WEIGHTS in refused.value.text


POISONED_TOKEN = 700
BFLOAT16 = {"nan": b"\xc0\x7f", "inf": b"\x80\x7f"}


@pytest.mark.parametrize("number", BFLOAT16)
def test_the_row_that_meets_a_damaged_weight_ends_and_its_neighbours_do_not_notice(engine, broken, number):
    header, data = read(broken / WEIGHTS)
    begin, end = header["language_model.model.embed_tokens.scales"]["data_offsets"]
    row = (end - begin) // header["language_model.model.embed_tokens.scales"]["shape"][0]
    at = begin + row * POISONED_TOKEN
    write(broken / WEIGHTS, header, data[:at] + BFLOAT16[number] * (row // 2) + data[at + row:])
    engine.load(broken)

    def ask(request, prompt, answer=24):
        engine.call("generate", request=request, model="m", prompt_ids=prompt,
                    sampling={"temperature": 0, "max_tokens": answer, "ignore_eos": True, "top_logprobs": 0})

    healthy = [[16 + (7 * i + j) % 200 for j in range(70)] for i in range(4)]
    for i, prompt in enumerate(healthy):
        ask(f"alone{i}", prompt)
        assert engine.completed(f"alone{i}")["finish_reason"] == "length"
    for i, prompt in enumerate(healthy):
        ask(f"sick{i}", prompt[:20] + [POISONED_TOKEN] + prompt[20:])
        ask(f"beside{i}", prompt)
    for i in range(len(healthy)):
        assert engine.completed(f"beside{i}")["finish_reason"] == "length"
        assert engine.ids(f"beside{i}") == engine.ids(f"alone{i}")
        done = engine.completed(f"sick{i}")
        assert done["finish_reason"] == "error" and "no finite" in json.dumps(done)
    # Blocks that held their keys and values serve others again.
    for i, prompt in enumerate(healthy):
        ask(f"after{i}", prompt[::-1] + prompt)
        assert engine.completed(f"after{i}")["finish_reason"] == "length"


def change_config(directory, **changes):
    path = directory / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_absurd_config(engine, broken):
    config = json.loads((broken / "config.json").read_text())
    change_config(broken, text_config={**config["text_config"], "num_hidden_layers": 10**9})
    with pytest.raises(Refused):
        engine.load(broken)
    change_config(broken, text_config={**config["text_config"], "hidden_size": -256})
    with pytest.raises(Refused):
        engine.load(broken)
    assert engine.call("models")["models"] in ([],) or engine.call("models")["models"][0]["state"] == "failed"


def test_sizes_that_nothing_could_compute_are_refused_by_name(engine, broken):
    config = json.loads((broken / "config.json").read_text())
    for part, changes in [("text_config", {"head_dim": 1024}), ("text_config", {"head_dim": 63}), ("text_config", {"num_key_value_heads": 3}),
                          ("text_config", {"num_attention_heads": 1 << 20}), ("text_config", {"num_hidden_layers": 0}),
                          ("text_config", {"max_position_embeddings": 1 << 40}), ("text_config", {"rope_theta": 0}), ("text_config", {"rms_norm_eps": -1}),
                          ("vision_config", {"num_heads": 1 << 20}), ("vision_config", {"depth": -4}), ("vision_config", {"num_position_embeddings": 145})]:
        change_config(broken, **{**config, part: {**config[part], **changes}})  # one fault: either side of a load may find it
        with pytest.raises(Refused) as refused:
            engine.load(broken)
        assert f"{part}.{next(iter(changes))}" in refused.value.text, changes
    change_config(broken, **config)
    for changes, named in [({"bits": 7}, "is 7;"), ({"bits": (1 << 32) + 8}, "bits"), ({"group_size": 48}, "is 48;"),
                           ({"group_size": (1 << 32) + 64}, "group_size"), ({"mode": "mxfp4"}, "mxfp4")]:
        change_config(broken, quantization={**config["quantization"], **changes})
        with pytest.raises(Refused) as refused:
            engine.load(broken)
        assert "config.json.quantization" in refused.value.text and named in refused.value.text, changes
    change_config(broken, **config)
    for token in (-1, 1024, (1 << 32) + 1018):
        change_config(broken, image_token_id=token)
        with pytest.raises(Refused) as refused:
            engine.load(broken)
        assert "image_token_id" in refused.value.text


@pytest.mark.parametrize(("part", "changes"), [
    ("text_config", {"hidden_act": "gelu"}), ("text_config", {"use_sliding_window": True, "sliding_window": 512}), ("text_config", {"partial_rotary_factor": 0.5}),
    ("text_config", {"layer_types": ["full_attention", "sliding_attention"]}), ("text_config", {"attention_bias": True}), ("vision_config", {"hidden_act": "gelu"})])
def test_a_variant_that_is_not_computed_is_refused_by_name_and_value(engine, broken, part, changes):
    """config.json of the built-in model, whose tensors fit a variant just as well."""
    config = json.loads((broken / "config.json").read_text())
    change_config(broken, **{part: {**config[part], **changes}})
    with pytest.raises(Refused) as refused:
        engine.load(broken)
    member, value = next(iter(changes.items()))
    assert f"{part}.{member}" in refused.value.text
    assert json.dumps(json.dumps(value, separators=(",", ":")))[1:-1] in refused.value.text


def test_repaired_model_loads(engine, broken):
    """A failed load leaves nothing that stands in the way of the next one."""
    weights = (broken / WEIGHTS).read_bytes()
    (broken / WEIGHTS).write_bytes(weights[:-1])
    with pytest.raises(Refused):
        engine.load(broken)
    (broken / WEIGHTS).write_bytes(weights)
    assert engine.load(broken)["state"] == "ready"
