"""JSON-Schema-Test-Suite as the source package of jsonschema ships it, under .cache/real_model: schemas, and instances that each takes or refuses.

Nothing of the package is installed, built or run but what pip needs to know its name.
"""

import json
from pathlib import Path

from . import prepare

SOURCES = Path(__file__).resolve().parent / "json_schemas.txt"
DRAFTS = ("draft7", "draft2019-09", "draft2020-12")


def fetched():
    """The folder with DRAFT/NAME.json."""
    def place_of(path):
        suite = path.suffix == ".json" and path.parent.name in DRAFTS and path.parent.parent.name == "tests"
        return Path(path.parent.name) / path.name if suite else None
    return prepare.unpacked("json_schemas", SOURCES, "the schemas could not be fetched from the package index.", place_of)


def groups():
    """[(name, schema, [(instance, valid)])]"""
    for draft in DRAFTS:
        for path in sorted((fetched() / draft).glob("*.json")):
            for group in json.loads(path.read_text()):
                yield f"{draft}/{path.stem}: {group['description']}", group["schema"], [(test["data"], test["valid"]) for test in group["tests"]]
