"""Grammars of JSON schemas against JSON-Schema-Test-Suite: what a grammar takes is what the suite calls valid, in some spelling, and nothing else.

JSON has more spellings than a grammar writes: members in the schema's order, whole numbers without a point. An instance is taken if one of its
spellings is, and refused if all of them are. A schema that cannot be enforced is refused by name when it is compiled, and counted.
"""

import itertools
import json

from programs import SMOKE_MODEL
from real_model import json_schemas
from test_text import Probe

SCHEMAS_MIN = 300  # that are enforced
SPELLINGS_MAX = 48


# Where a grammar refuses what the suite takes, on purpose: the start of a group's name, and why.
MEANT_OTHERWISE = {
    "draft2020-12/format: ": "a format binds, where the draft lets it only describe",
    "draft2019-09/vocabulary: ": "keywords bind whatever a metaschema says of them",
    "draft2020-12/vocabulary: ": "keywords bind whatever a metaschema says of them",
    "draft7/ref: ref overrides any sibling keywords": "what stands beside $ref binds too, as since draft 2019-09",
}


def spellings(value):
    """Texts of an instance, some of them."""
    def of(value):
        if isinstance(value, dict):
            for order in itertools.islice(itertools.permutations(value), 24):
                for parts in itertools.islice(itertools.product(*([f"{json.dumps(key, ensure_ascii=False)}:{one}" for one in of(value[key])] for key in order)), 8):
                    yield "{" + ",".join(parts) + "}"
        elif isinstance(value, list):
            for parts in itertools.islice(itertools.product(*(list(of(one)) for one in value)), 8):
                yield "[" + ",".join(parts) + "]"
        elif isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
            yield str(int(value))
            yield json.dumps(value)
        else:
            yield json.dumps(value, ensure_ascii=False)
    return list(itertools.islice(of(value), SPELLINGS_MAX))


def test_what_a_grammar_takes_is_what_is_valid():
    probe, enforced, refused, wrong, otherwise = Probe(SMOKE_MODEL), 0, {}, [], set()
    for name, schema, tests in json_schemas.groups():
        source = "start: %json " + json.dumps(schema)
        texts = [spellings(data) for data, _ in tests]
        try:
            answer = probe.ask("grammar", source=source, texts=[text for each in texts for text in each])
        except ValueError as error:
            refused[name] = str(error.args[1])[:200]
            continue
        enforced += 1
        whole = iter(answer["whole"])
        for (data, valid), each in zip(tests, texts):
            taken = any([next(whole) for _ in each])
            meant = next((why for start, why in MEANT_OTHERWISE.items() if name.startswith(start)), None)
            if valid and not taken and meant:
                otherwise.add(f"{name}: {meant}")
            elif taken != valid:
                wrong.append(f"{name}: {json.dumps(data)[:80]} should be {'taken' if valid else 'refused'}")
    probe.close()
    print(f"{enforced} schemas enforced, {len(refused)} refused by name, {len(wrong)} instances judged otherwise")
    print("\n".join(wrong + sorted(otherwise)))
    assert enforced >= SCHEMAS_MIN
    assert wrong == []
