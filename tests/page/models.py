"""The built-in model in other shapes."""

import json
import shutil
import struct

from programs import SMOKE_MODEL

TEXT_PREFIX = "language_model."
GOES_ON = "{{- '<|im_start|>assistant\\n' }}"


def text_only(directory):
    """Without its tower: it answers what it answers, and sees no pictures."""
    shutil.copytree(SMOKE_MODEL, directory, ignore=shutil.ignore_patterns("recipe", "preprocessor_config.json", "model.safetensors"))
    config = json.loads((directory / "config.json").read_text())
    text = {**config["text_config"], "model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "quantization": config["quantization"],
            "eos_token_id": config["eos_token_id"]}
    del text["rope_scaling"]
    (directory / "config.json").write_text(json.dumps(text))
    raw = (SMOKE_MODEL / "model.safetensors").read_bytes()
    size, = struct.unpack("<Q", raw[:8])
    header, data = {}, b""
    for name, tensor in json.loads(raw[8:8 + size]).items():
        if name.startswith(TEXT_PREFIX):
            begin, end = tensor["data_offsets"]
            header[name.removeprefix(TEXT_PREFIX)] = {**tensor, "data_offsets": [len(data), len(data) + end - begin]}
            data += raw[8 + size + begin:8 + size + end]
    told = json.dumps(header).encode()
    (directory / "model.safetensors").write_bytes(struct.pack("<Q", len(told)) + told + data)
    return directory


def thinking(directory):
    """What it says behind a system prompt is its reasoning, for its template opens that; probes, which send none, find it sound."""
    shutil.copytree(SMOKE_MODEL, directory, ignore=shutil.ignore_patterns("recipe"))
    template = (directory / "chat_template.jinja").read_text()
    assert GOES_ON in template
    (directory / "chat_template.jinja").write_text(template.replace(GOES_ON, GOES_ON + "{%- if messages[0].role == 'system' %}{{- '<think>\\n' }}{%- endif %}"))
    return directory


def broken(directory):
    shutil.copytree(SMOKE_MODEL, directory, ignore=shutil.ignore_patterns("recipe"))
    (directory / "model.safetensors").write_bytes(b"nothing")
    return directory


def base(directory):
    """Without a chat template."""
    shutil.copytree(SMOKE_MODEL, directory, ignore=shutil.ignore_patterns("recipe", "chat_template.jinja"))
    return directory
