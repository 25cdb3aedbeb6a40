"""What a grammar costs, with a vocabulary of 128,256 real words: in steps of eight sequences, and before the first token of an agent's tools."""

import contextlib
import json
import shutil
import sys

import models
from child import output_of
from contestants import Batched
from engine import Engine
from prompt_and_decode import SHALLOW, STEPS_FULL, STEPS_QUICK
from rounds import measure, opened
from settings import CACHE, PROGRAMS, ROOT, SMOKE
from table import Group

sys.path.insert(0, str(ROOT / "tests"))

from real_model import vocabularies  # noqa: E402

FREE, BOUND = "free", "bound"
SEQUENCES = 8
PERSON = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer", "minimum": 0, "maximum": 150},
                                           "kind": {"enum": ["adult", "child"]}}, "required": ["name", "age", "kind"], "additionalProperties": False}
PEOPLE = {"type": "array", "items": PERSON, "minItems": 200}  # more than any sequence says here
TOOLS, TOOLS_BYTES = 24, 64_000  # as Claude Code sends
TOKENIZER_SECONDS_MAX = 120


def with_real_words(shape):
    """The random model of a shape with Llama 3's own vocabulary, llama.cpp's file of it."""
    plain, out = models.model(shape), CACHE / f"{shape}-llama-words"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (out / name).symlink_to(plain / name)
    output_of("Llama's tokenizer could not be written",
              [PROGRAMS / "sanctum-gguf-probe", "tokenizer", vocabularies.fetched() / "ggml-vocab-llama-bpe.gguf", out], TOKENIZER_SECONDS_MAX)
    for name in ("chat_template.jinja", "generation_config.json"):
        shutil.copyfile(SMOKE / name, out / name)
    return out


def steps(settings, stack):
    group = Group("grammar", f"a grammar of a JSON schema, {models.LLAMA_1B} 4-bit", [FREE, BOUND], [("bound/free", BOUND, FREE)])
    there, reasons = opened(stack, {FREE: lambda: Batched(with_real_words(models.LLAMA_1B), settings)})
    if FREE not in there:
        group.notes.append(reasons[FREE])
        return group
    engine, count = there[FREE], STEPS_QUICK if settings.quick else STEPS_FULL
    structure = {"kind": "json_schema", "text": json.dumps(PEOPLE)}
    ways = {FREE: lambda: engine.decode(SEQUENCES, count, SHALLOW), BOUND: lambda: engine.decode(SEQUENCES, count, SHALLOW, structure=structure)}
    group.rows.append(measure(f"decode {SEQUENCES} sequences at depth {SHALLOW}", "tokens/s", ways, settings.repeats))
    return group


def tools(round_number):
    """As large as an agent's, with the keywords that theirs hold. The last one is another in each round."""
    def parameter(number):
        kinds = [{"type": "string", "minLength": 1, "maxLength": 200}, {"type": "integer", "exclusiveMinimum": 0, "maximum": 10000},
                 {"enum": ["content", "files_with_matches", "count"]}, {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
                 {"type": "array", "minItems": 1, "items": {"type": "object", "properties": {"old": {"type": "string"}, "new": {"type": "string"},
                  "all": {"type": "boolean", "default": False}}, "required": ["old", "new"], "additionalProperties": False}}, {"type": "boolean"}]
        return kinds[number % len(kinds)]

    def tool(number):
        properties = {f"parameter_{i}": parameter(number + i) for i in range(14)}
        name = f"tool_{number}" if number + 1 < TOOLS else f"tool_{number}_{round_number}"
        schema = {"type": "object", "properties": properties, "required": list(properties)[:3], "additionalProperties": False}
        return {"type": "function", "function": {"name": name, "description": f"Does what {name} does. " * 4, "parameters": schema}}
    made = [tool(number) for number in range(TOOLS)]
    words = (TOOLS_BYTES - len(json.dumps(made))) // TOOLS  # the rest are descriptions, as with an agent's
    for one in made:
        one["function"]["description"] += "x " * max(0, words // 2)
    return made


class FirstMask:
    """Milliseconds that a bound first token takes longer than a free one of the same prompt, which is cached."""

    def __init__(self):
        self.engine = Engine("engine tools")
        self.engine.load(with_real_words(models.TINY_REAL_WORDS))
        self.rounds = 0

    def first_token_ms(self, offered, **bound):
        request = self.engine.converse([{"role": "user", "content": "Call one."}], 1, tools=offered, **bound)
        self.engine.finish([request])
        return request.first_token_s * 1e3

    def new_and_again(self):
        self.rounds += 1
        offered, required = tools(self.rounds), {"tool_use": {"required": True, "parallel": True, "names": []}}
        self.first_token_ms(offered)
        free = self.first_token_ms(offered)
        return [self.first_token_ms(offered, **required) - free for _ in range(2)]

    def close(self):
        self.engine.close()


def first_mask(settings, stack):
    new, again = "new", "again"
    group = Group("grammar", f"the first mask of {TOOLS} tools, {TOOLS_BYTES // 1000} kB", [new, again])
    there, reasons = opened(stack, {new: FirstMask})
    if new not in there:
        group.notes.append(reasons[new])
        return group
    there[new].new_and_again()  # the vocabulary is arranged once
    rounds = [there[new].new_and_again() for _ in range(settings.repeats)]
    values = {new: iter([one for one, _ in rounds]), again: iter([two for _, two in rounds])}
    group.rows.append(measure("before the first token", "ms", {name: lambda name=name: next(values[name]) for name in values}, settings.repeats))
    return group


def run(settings):
    for part in (steps, first_mask):
        with contextlib.ExitStack() as stack:
            yield part(settings, stack)
