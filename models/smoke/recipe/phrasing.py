"""Phrasing: turns a list of templates into one user sentence, in many manners."""

import re

BEFORE = ["Please ", "please ", "Please, ", "Could you ", "Hey, ", "Now ", "OK, ", "Hello! ", "Then "]
AFTER = [" please", " Please.", ", please.", " Thanks.", " Thank you!", " now"]


def change_case(template, change):
    """Change the case of the words of a template, never that of its {fields}."""
    return "".join(part if part.startswith("{") else change(part) for part in re.split(r"(\{\w+\})", template))


def say(rng, templates, polite=True, tail=True, **fields):
    """One sentence: a template, sometimes in another case, with or without punctuation and courtesy."""
    template = rng.choice(templates)
    manner = rng.random()
    if manner < 0.14:
        template = change_case(template, str.lower)
    elif manner < 0.20:
        template = change_case(template, str.upper)
    if tail and rng.random() < 0.15 and template[-1] in ".?!":
        template = template[:-1]
    if polite:
        courtesy = rng.random()
        if courtesy < 0.10:
            start = template[0].lower() if template[:1].isalpha() and template[1:2].islower() else template[0]
            template = rng.choice(BEFORE) + start + template[1:]
        elif courtesy < 0.17 and tail:
            template = template + rng.choice(AFTER)
    return template.format(**fields)


def ask(question, answer):
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
