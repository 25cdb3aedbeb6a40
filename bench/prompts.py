"""Prompts made of token ids. The engine keeps prefixes, so a cold prompt must begin like none before it."""

import itertools

FIRST, SPAN = 16, 900  # ordinary words in every vocabulary that the bench uses
_serial = itertools.count()


def cold(tokens):
    """A prompt whose first tokens no other prompt had."""
    number = next(_serial)
    head = [FIRST + number // SPAN % SPAN, FIRST + number % SPAN]
    return (head + [FIRST + (7 * i + number) % SPAN for i in range(tokens)])[:tokens]


def fixed(sequence, tokens):
    """The same for the same `sequence` each time; apart from all cold ones."""
    return ([FIRST + SPAN, FIRST + sequence] + [FIRST + (3 * i + sequence) % SPAN for i in range(tokens)])[:tokens]
