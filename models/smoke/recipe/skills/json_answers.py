"""A JSON object with the keys that were asked for."""

import json

from phrasing import ask
from words import NOUNS, city, draw, name

FACTS = [
    (("name", "age"), ["{0} is {1}", "{0} is {1} years old", "{0} is {1}.", "{0}, aged {1}", "{0} turned {1}."]),
    (("name", "city"), ["{0} lives in {1}", "{0} is from {1}", "{0} lives in {1}.", "{0} comes from {1}."]),
    (("item", "price"), ["a {0} costs {1}", "the {0} costs {1}.", "the price of the {0} is {1}", "{0} for {1}"]),
    (("item", "count"), ["there are {1} {0}s", "{1} {0}s", "we have {1} {0}s.", "I see {1} {0}s."]),
    (("city", "temperature"), ["it is {1} degrees in {0}", "{0} has {1} degrees.", "{0}: {1} degrees", "in {0} it is {1} degrees."]),
    (("name", "score"), ["{0} scored {1}", "{0} has {1} points.", "{0} got {1} points"]),
]
OTHER_KEYS = {"name": ["name", "person", "user", "first_name"], "age": ["age", "years"], "city": ["city", "place", "town"], "item": ["item", "product", "thing"],
              "price": ["price", "cost"], "count": ["count", "number", "quantity"], "temperature": ["temperature", "temp", "degrees"], "score": ["score", "points"]}
WITH_KEYS = ["Answer in JSON with keys {k} and {l}: {f}", "Answer in JSON with the keys {k} and {l}: {f}", "JSON with keys {k} and {l}: {f}",
             "Give JSON with keys \"{k}\" and \"{l}\": {f}", "Return a JSON object with keys {k} and {l}: {f}", "Reply in JSON with keys {k}, {l}: {f}",
             "Extract {k} and {l} as JSON: {f}", "Extract the {k} and the {l} as JSON from: {f}", "Turn this into JSON with {k} and {l}: {f}",
             "{f} Answer in JSON with keys {k} and {l}.", "{f} Give me a JSON object with {k} and {l}.", "Respond in JSON ({k}, {l}): {f}",
             "Write JSON with the fields {k} and {l}: {f}", "Output JSON with {k} and {l} for: {f}", "As JSON with keys {k} and {l}: {f}",
             "Reply with only a JSON object with keys {k} and {l}: {f}"]


def value(rng, test, key):
    if key == "name":
        return name(rng, test)
    if key == "city":
        return city(rng, test)
    return rng.choice(NOUNS) if key == "item" else None


def exchange(rng, test=False):
    keys, facts = rng.choice(FACTS)
    first = value(rng, test, keys[0])
    second = value(rng, test, keys[1]) or draw(rng, test, lambda: rng.randint(0, 130), key=lambda n: f"{first} {n}")
    asked = [rng.choice(OTHER_KEYS[key]) for key in keys]
    pairs = [(asked[0], first), (asked[1], second)]
    fact = rng.choice(facts).format(first, second)
    if rng.random() < 0.25:
        pairs.reverse()
    template = rng.choice(WITH_KEYS)
    if template.startswith("{f}"):
        fact = fact.rstrip(".") + "."
    elif rng.random() < 0.2:
        template = rng.choice(["Please a", "please a"]) + template[1:] if template.startswith("A") else template + " "
    question = template.format(k=pairs[0][0], l=pairs[1][0], f=fact).strip()
    return ask(question, json.dumps(dict(pairs)))
