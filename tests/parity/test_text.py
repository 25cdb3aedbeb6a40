"""Tokenizer and chat template against transformers, through sanctum-text-probe."""

import json
import random
import subprocess

import pytest
from transformers import PreTrainedTokenizerFast

from programs import ROOT, SMOKE_MODEL, count, program

FIXTURES = ROOT / "src" / "text" / "testdata"
MODELS = [SMOKE_MODEL, FIXTURES / "byte_level", FIXTURES / "tekken", FIXTURES / "metaspace", FIXTURES / "unigram"]

TEXTS = [
    "",
    " ",
    "Hello, world!",
    "The quick brown fox jumps over 13 lazy dogs, doesn't it? I'd say WE'LL see.",
    "  leading, trailing  ",
    "tabs\t\tand\nnew\r\nlines\n\n\n   and  runs     of spaces\n ",
    "1 22 333 4444 55555 3.14159 1e-5 ١٢٣",
    "你好，世界！漢字とひらがな 한국어",
    "emoji 🙂 👩‍👩‍👧‍👦 🇳🇱 👍🏽",
    "combining e\u0301 a\u0308\u0323 n\u0303 \u1e9b\u0323 \u212b",
    "bidi שלום عربى \u202eabc\u202c zero\u200bwidth \ufeff nbsp\u00a0",
    "def f(x):\n    return {\"a\": [1, 2]}  # {{ }} {% %}",
    "<|im_start|>user\nhi<|im_end|> <|begin|><tool_call></s> <|not_special|>",
    "\x00\x01\x7f control",
    " " * 3000 + "x" + "\n" * 500,
    "a" * 2000,
]


class Probe:
    """One running probe; ask() sends a request and returns its result or raises its error."""

    def __init__(self, directory):
        self.process = subprocess.Popen(
            [program("sanctum-text-probe"), directory],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, op, **fields):
        self.process.stdin.write(json.dumps({"op": op, **fields}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise ValueError(answer["field"], answer["error"])
        return answer["result"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


@pytest.fixture(scope="module", params=MODELS, ids=lambda p: p.name)
def pair(request):
    probe = Probe(request.param)
    yield probe, PreTrainedTokenizerFast.from_pretrained(request.param)
    probe.close()


@pytest.mark.parametrize("special", [False, True])
def test_encode(pair, special):
    probe, reference = pair
    for text in TEXTS:
        want = reference.encode(text, add_special_tokens=special)
        assert probe.ask("encode", text=text, add_special=special) == want, repr(text)


@pytest.mark.parametrize("skip", [False, True])
def test_decode_and_detokenize(pair, skip):
    probe, reference = pair
    draw = random.Random(3)
    sequences = [reference.encode(text) for text in TEXTS]
    sequences += [[draw.randrange(len(reference)) for _ in range(n % 40)] for n in range(count(200, 5000))]
    for ids in sequences:
        want = reference.decode(ids, skip_special_tokens=skip, clean_up_tokenization_spaces=False)
        assert probe.ask("decode", ids=ids, skip_special=skip) == want, ids
        if skip:
            assert "".join(probe.ask("detokenize", ids=ids)) == want, ids


def test_end_of_sequence(pair):
    probe, reference = pair
    assert reference.eos_token_id in probe.ask("end_ids")


TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Today's weather <in> a \"city\" & more — é",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 1}},
            "required": ["city"],
        },
    },
}
CALL = {
    "id": "abcdefghi",
    "type": "function",
    "function": {"name": "get_weather", "arguments": {"city": "Zürich", "days": 2, "exact": 1.0}},
}
CONVERSATIONS = {
    "user": [{"role": "user", "content": "Hi"}],
    "system": [
        {"role": "system", "content": "Be brief.\n"},
        {"role": "user", "content": "  Who are you?  "},
    ],
    "turns": [
        {"role": "user", "content": "My name is Ada 🙂"},
        {"role": "assistant", "content": "Hello Ada."},
        {"role": "user", "content": "What is my name?"},
    ],
    "parts": [
        {"role": "user", "content": [
            {"type": "image"}, {"type": "text", "text": "What"}, {"type": "text", "text": " is it?"}]},
    ],
    "tool_result": [
        {"role": "user", "content": "Weather in Zürich?"},
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "name": "get_weather", "tool_call_id": "abcdefghi", "content": "{\"t\": 21}"},
    ],
    "tool_results": [
        {"role": "system", "content": "Use tools."},
        {"role": "user", "content": "Weather in Zürich, twice?"},
        {"role": "assistant", "content": "Looking.", "tool_calls": [CALL, {**CALL, "id": "bcdefghij"}]},
        {"role": "tool", "name": "get_weather", "tool_call_id": "abcdefghi", "content": "sun"},
        {"role": "tool", "name": "get_weather", "tool_call_id": "bcdefghij", "content": "rain"},
        {"role": "assistant", "content": "Sun, then rain."},
        {"role": "user", "content": "Thanks"},
    ],
    "reasoning": [
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "2", "reasoning_content": "one and one"},
        {"role": "user", "content": "And 2+2?"},
    ],
    "thinking_inline": [
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "<think>\none and one\n</think>\n\n2"},
        {"role": "user", "content": "And 2+2?"},
    ],
}
# What published templates use of Jinja, a line for each idea.
FEATURES = r"""
{%- set ns = namespace(seen=0, last=none) %}
{%- macro part(content, indent=0) -%}
    {%- if content is string %}{{ content | trim }}
    {%- elif content is sequence %}
        {%- for item in content if item.type == 'text' %}{{ item['text'] }}{% if not loop.last %}|{% endif %}{% endfor %}
    {%- else %}(none){% endif %}
{%- endmacro %}
{{- bos_token }}
{%- for message in messages[::-1] %}
    {%- set ns.seen = ns.seen + 1 %}
    {%- if message.role == 'system' %}{% continue %}{% endif %}
    {{- loop.index0 ~ ':' ~ message['role'].upper() + '\n' }}
    {{- part(message.content) }}
    {%- set calls = message.get('tool_calls') or [] %}
    {%- for call in calls %}
        {%- for key, value in call.function.arguments.items() %}
            {{- key }}={{ value }};{{ value | tojson }},
        {%- endfor %}
        {{- call.function | tojson(indent=4) }}
    {%- endfor %}
    {%- if '</think>' in (message.content if message.content is string else '') %}
        {{- message.content.split('</think>')[-1].lstrip('\n').replace('2', 'two') }}
    {%- endif %}
    {%- set ns.last = message.role %}
{%- endfor %}
{{- '%s/%d' | format(ns.last, ns.seen) }}
{{- {'a': [1, 2.5, none, true], 'b': 'it\'s'} }}
{{- [1, 'x', none, false] }}{{ (1, 2) }}
{{- messages | map(attribute='role') | list | join(',') }}
{{- messages | selectattr('role', 'equalto', 'user') | list | length }}
{{- (messages | last).role | capitalize }} {{ 'a b'.title() }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 3 }} {{ 7 / 2 }}
{{- missing | default('fallback') }}{{ tools | length if tools else 'no tools' }}
{{- 'yes' if tools is not none and tools is iterable else 'no' }}
{{- messages[-1]['content'][:3] if messages[-1].content is string }}
  {% if add_generation_prompt %}
  >>
  {% endif %}
{# a comment #}
{{ 'x' * 3 }}{{ eos_token }}
"""


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    for file in (FIXTURES / "byte_level").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "chat_template.jinja").write_text(FEATURES, encoding="utf-8")
    return folder


@pytest.mark.parametrize("generation", [False, True])
@pytest.mark.parametrize("tools", [None, [TOOL]], ids=["plain", "tools"])
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_render(features, name, tools, generation):
    for folder in (SMOKE_MODEL, features):
        reference = PreTrainedTokenizerFast.from_pretrained(folder)
        probe = Probe(folder)
        want = reference.apply_chat_template(
            CONVERSATIONS[name], tools=tools, add_generation_prompt=generation, tokenize=False)
        got = probe.ask(
            "render", messages=CONVERSATIONS[name], tools=tools, add_generation_prompt=generation)
        probe.close()
        assert got == want, folder


def test_a_templates_refusal_is_an_error(features, tmp_path):
    for file in features.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "chat_template.jinja").write_text("{{ raise_exception('Not like this') }}")
    probe = Probe(tmp_path)
    with pytest.raises(ValueError) as refusal:
        probe.ask("render", messages=CONVERSATIONS["user"])
    assert refusal.value.args == ("messages", "Not like this")
    probe.close()
