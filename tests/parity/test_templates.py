"""Real chat templates: which format is found in each, and that what a template writes for an answer is read as that answer.

They are in the source package of llama-cpp-python (llama_cpp_sdist.txt): pip downloads it once and checks its hash, and only
the templates are kept, under .cache/templates.
"""

import json
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

from parity.test_text import FIXTURES, Probe
from programs import ROOT

REQUIREMENT = Path(__file__).with_name("llama_cpp_sdist.txt")
CACHE = ROOT / ".cache" / "templates" / "llama-cpp-python-0.3.36"
MEMBERS = "/vendor/llama.cpp/models/templates/"
DOWNLOAD_SECONDS_MAX = 600

PLAIN, HERMES, LLAMA3, MISTRAL, XML, GEMMA4, HARMONY = range(7)  # OutputFormat

FORMATS = {
    "Bielik-11B-v3.0-Instruct": HERMES,
    "MiMo-VL": HERMES,
    "Mistral-Small-3.2-24B-Instruct-2506": MISTRAL,
    "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": XML,
    "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use": HERMES,
    "NousResearch-Hermes-3-Llama-3.1-8B-tool_use": HERMES,
    "Qwen-QwQ-32B": HERMES,
    "Qwen-Qwen2.5-7B-Instruct": HERMES,
    "Qwen-Qwen3-0.6B": HERMES,
    "Qwen3-Coder": XML,
    "Qwen3.5-4B": XML,
    "Reka-Edge": HERMES,
    "StepFun3.5-Flash": XML,
    "google-gemma-4-31B-it": GEMMA4,
    "google-gemma-4-31B-it-interleaved": GEMMA4,
    "ibm-granite-granite-4.0": HERMES,
    "ibm-granite-granite-4.1": HERMES,
    "meta-llama-Llama-3.1-8B-Instruct": LLAMA3,
    "meta-llama-Llama-3.2-3B-Instruct": LLAMA3,
    "meta-llama-Llama-3.3-70B-Instruct": LLAMA3,
    "mistralai-Ministral-3-14B-Reasoning-2512": MISTRAL,
    "mistralai-Mistral-Nemo-Instruct-2407": MISTRAL,
    "openai-gpt-oss-120b": HARMONY,
    "unsloth-mistral-Devstral-Small-2507": MISTRAL,
}  # all others: PLAIN

ARGUMENTS = {
    "text": "  if a < b:\n\treturn \"}]\\\"\n</parameter> <tool_call> é\n",
    "line": 12,
    "all": True,
    "tags": ["x", "y{"],
    "options": {"deep": {"n": -1.5}, "s": "t"},
}
TOOLS = [
    {"type": "function", "function": {"name": name, "description": "Does it.", "parameters": {
        "type": "object", "required": ["text"], "properties": {
            key: {"type": kind, "description": "What."} | ({"items": {"type": "string"}} if kind == "array" else {})
            for key, kind in (("text", "string"), ("line", "integer"), ("all", "boolean"), ("tags", "array"), ("options", "object"))}}}}
    for name in ("edit", "look")]


@pytest.fixture(scope="session")
def templates():
    """Their folder."""
    if not CACHE.exists():
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE.parent) as folder:
            subprocess.run([sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--progress-bar", "off", "--no-deps",
                            "--no-binary", ":all:", "--require-hashes", "--dest", folder, "--requirement", REQUIREMENT],
                           check=True, timeout=DOWNLOAD_SECONDS_MAX)
            whole = Path(folder) / "templates"
            whole.mkdir()
            with tarfile.open(next(Path(folder).glob("*.tar.gz"))) as package:
                for member in package:
                    if MEMBERS in member.name and member.isfile() and member.name.endswith(".jinja"):
                        (whole / Path(member.name).name).write_bytes(package.extractfile(member).read())
            if not CACHE.exists():
                whole.rename(CACHE)
    return CACHE


def probe_of(template, folder):
    for file in (FIXTURES / "byte_level").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "chat_template.jinja").write_bytes(template.read_bytes())
    return Probe(folder)


def test_the_format_of_every_template(templates, tmp_path):
    found = {}
    for template in sorted(templates.glob("*.jinja")):
        probe = probe_of(template, tmp_path)
        found[template.stem] = probe.ask("format")["format"]
        probe.close()
    assert len(found) == 70 and not FORMATS.keys() - found.keys()
    assert {name: kind for name, kind in found.items() if kind != PLAIN} == FORMATS


def answer(calls, **more):
    return {"role": "assistant", "content": "", **more, "tool_calls": [
        {"id": f"abcdefgh{i}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for i, (name, arguments) in enumerate(calls)]}


def read(probe, prompt, output):
    """What is read of the output, which is the same wherever it is cut."""
    whole = probe.ask("parse", pieces=[output], prompt=prompt, tools=TOOLS)
    draw = random.Random(output)
    for longest in (1, 5, 40):
        pieces, at = [], 0
        while at < len(output):
            pieces.append(output[at:at + draw.randint(1, longest)])
            at += len(pieces[-1])
        assert probe.ask("parse", pieces=pieces, prompt=prompt, tools=TOOLS) == whole
    return whole


ONE_CALL = {LLAMA3, HARMONY}  # whose templates write a single one


# QwQ's prompt opens a thought that its history leaves out: no answer stands behind it.
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "Qwen-QwQ-32B"])
def test_what_a_template_writes_for_calls_is_read_as_those(templates, tmp_path, name):
    calls = [("edit", ARGUMENTS), ("look", {"text": "x"})]
    if FORMATS[name] in ONE_CALL:
        calls = calls[:1]
    probe = probe_of(templates / f"{name}.jinja", tmp_path)
    user, more = {"role": "user", "content": "Go"}, {}
    if FORMATS[name] == GEMMA4:  # else its prompt has an empty thought
        more = {"options": {"enable_thinking": True}}
    prompt = probe.ask("render", messages=[user], tools=TOOLS, add_generation_prompt=True, **more)
    whole = probe.ask("render", messages=[user, answer(calls, reasoning_content="I think.")], tools=TOOLS, **more)
    assert whole.startswith(prompt)
    output = whole[len(prompt):]
    got = read(probe, prompt, output)
    if "I think." in output:
        assert got["reasoning"] == "I think."
    assert [(call["name"], json.loads(call["arguments"])) for call in got["calls"]] == calls, output
    assert got["cut"] is False
    # What is left is the end of the turn, which a tokenizer knows as a special token.
    assert not any(mark in got["content"] for mark in ("edit", "tool_call", "TOOL_CALLS", "function", "parameter", "commentary")), output
    probe.close()
