"""Damaged model directories: the load error names file and tensor, and the engine stays up."""

import json
import shutil
import struct

import pytest

from engine_process import Refused
from programs import SMOKE_MODEL

WEIGHTS = "model.safetensors"


def read(path):
    """(header, data) of a safetensors file."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    return json.loads(raw[8:8 + size]), raw[8 + size:]


def write(path, header, data):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


@pytest.fixture
def broken(tmp_path):
    """A copy of the built-in model to damage."""
    copy = tmp_path / "model"
    shutil.copytree(SMOKE_MODEL, copy, ignore=shutil.ignore_patterns("recipe", "*.md"))
    return copy


def first_tensor(header):
    return next(name for name in sorted(header) if name != "__metadata__" and name.endswith(".weight"))


def damage(kind, directory):
    """Damages the directory; returns what the error must name."""
    path = directory / WEIGHTS
    if kind == "no weights":
        path.unlink()
        return [".safetensors"]
    if kind == "empty file":
        path.write_bytes(b"")
        return [WEIGHTS]
    if kind == "cut in the header":
        path.write_bytes(path.read_bytes()[:100])
        return [WEIGHTS]
    if kind == "header longer than the file":
        path.write_bytes(struct.pack("<Q", 1 << 62) + path.read_bytes()[8:])
        return [WEIGHTS]
    if kind == "header is no json":
        raw = bytearray(path.read_bytes())
        raw[8:12] = b"\xff\xff\xff\xff"
        path.write_bytes(raw)
        return [WEIGHTS]
    header, data = read(path)
    name = first_tensor(header)
    if kind == "cut in the data":
        last = max((t for t in header if t != "__metadata__"), key=lambda t: header[t]["data_offsets"][1])
        write(path, header, data[:-1])
        return [WEIGHTS, last]
    if kind == "missing tensor":
        del header[name]
        write(path, header, data)
        return [name]
    if kind == "surplus tensor":
        header["model.nobody.weight"] = header[name]
        write(path, header, data)
        return ["model.nobody.weight"]
    if kind == "offsets beyond the file":
        header[name]["data_offsets"] = [len(data), 2 * len(data)]
    elif kind == "offsets that overflow":
        header[name]["data_offsets"] = [0, (1 << 64) - 1]
    elif kind == "offsets backwards":
        header[name]["data_offsets"] = header[name]["data_offsets"][::-1]
    elif kind == "negative shape":
        header[name]["shape"] = [-1, *header[name]["shape"][1:]]
    elif kind == "shape of another size":
        header[name]["shape"] = [header[name]["shape"][0] + 1, *header[name]["shape"][1:]]
    elif kind == "shape that overflows":
        header[name]["shape"] = [1 << 40, 1 << 40]
    elif kind == "unknown dtype":
        header[name]["dtype"] = "F7"
    write(path, header, data)
    return [WEIGHTS, name]


@pytest.mark.parametrize("kind", ["no weights", "empty file", "cut in the header", "header longer than the file", "header is no json", "cut in the data",
                                  "missing tensor", "surplus tensor", "offsets beyond the file", "offsets that overflow", "offsets backwards", "negative shape",
                                  "shape of another size", "shape that overflows", "unknown dtype"])
def test_damaged_weights(engine, broken, kind):
    named = damage(kind, broken)
    with pytest.raises(Refused) as refused:
        engine.load(broken, model="broken")
    for name in named:
        assert name in refused.value.text
    assert [m["state"] for m in engine.call("models")["models"] if m["model"] == "broken"] in ([], ["failed"])
    engine.load(SMOKE_MODEL, model="good")
    engine.call("generate", request="r", model="good", messages=[{"role": "user", "content": "hi"}], sampling={"max_tokens": 4})
    assert engine.completed("r")["finish_reason"] in ("stop", "length")


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


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize("how", ["missing", "malformed"])
def test_damaged_descriptions(engine, broken, file, how):
    if how == "missing":
        (broken / file).unlink()
    else:
        (broken / file).write_text("{")
    with pytest.raises(Refused) as refused:
        engine.load(broken)
    assert file in refused.value.text
    assert engine.call("stats")["running"] == 0


def test_unknown_architecture(engine, broken):
    change_config(broken, model_type="abacus")
    with pytest.raises(Refused) as refused:
        engine.load(broken)
    assert "abacus" in refused.value.text


def test_absurd_config(engine, broken):
    config = json.loads((broken / "config.json").read_text())
    change_config(broken, text_config={**config["text_config"], "num_hidden_layers": 10**9})
    with pytest.raises(Refused):
        engine.load(broken)
    change_config(broken, text_config={**config["text_config"], "hidden_size": -256})
    with pytest.raises(Refused):
        engine.load(broken)
    assert engine.call("models")["models"] in ([],) or engine.call("models")["models"][0]["state"] == "failed"


def test_repaired_model_loads(engine, broken):
    """A failed load leaves nothing that stands in the way of the next one."""
    weights = (broken / WEIGHTS).read_bytes()
    (broken / WEIGHTS).write_bytes(weights[:-1])
    with pytest.raises(Refused):
        engine.load(broken)
    (broken / WEIGHTS).write_bytes(weights)
    assert engine.load(broken)["state"] == "ready"
