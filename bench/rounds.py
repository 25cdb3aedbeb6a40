"""Round robin: every contestant measures once a round, so that a slow minute of the machine meets all."""

import contextlib

from child import Failed
from progress import say
from table import Row


def opened(stack, makers):
    """{name: contestant} of those that start, {name: reason} of those that do not."""
    there, reasons = {}, {}
    for name, make in makers.items():
        say(f"starting {name} ...")
        try:
            there[name] = stack.enter_context(contextlib.closing(make()))
        except Failed as failure:
            reasons[name] = str(failure)
    return there, reasons


def measure(title, unit, contestants, repeats, reasons=None):
    """`contestants`: {column: callable that gives one figure}. A Row with a figure for each round."""
    row = Row(title, unit, reasons=dict(reasons or {}))
    for number in range(1, repeats + 1):
        for column, once in contestants.items():
            if column in row.reasons:
                continue
            say(f"{title}, {column}, round {number} of {repeats} ...")
            try:
                row.values.setdefault(column, []).append(once())
            except Failed as failure:
                row.reasons[column] = str(failure)
                row.values.pop(column, None)
    return row
