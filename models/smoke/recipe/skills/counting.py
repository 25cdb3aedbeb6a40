"""Count from A to B."""

from phrasing import ask, say
from words import draw

TEMPLATES = ["Count from {a} to {b}", "Count from {a} to {b}.", "Count from {a} up to {b}.", "Count {a} to {b}", "Count up from {a} to {b}.",
             "List the numbers from {a} to {b}.", "Give me the numbers from {a} to {b}.", "Write the numbers {a} to {b}.", "Can you count from {a} to {b}?",
             "Say the numbers from {a} to {b}.", "Count from {a} through {b}.", "Start at {a} and count to {b}.", "Numbers from {a} to {b}"]
FROM_ONE = ["Count to {b}", "Count to {b}.", "Count up to {b}.", "Can you count to {b}?"]


def case(rng, longest):
    length = rng.randint(1, longest if rng.random() < 0.4 else min(longest, 25))
    a = rng.choice([0, 1, 1, rng.randint(0, 20), rng.randint(0, 100), rng.randint(0, 120)])
    return a, a + length


def exchange(rng, test=False, longest=100):
    a, b = draw(rng, test, lambda: case(rng, longest), key=lambda c: "%d to %d" % c)
    templates = FROM_ONE if a == 1 and rng.random() < 0.4 else TEMPLATES
    return ask(say(rng, templates, a=a, b=b), ", ".join(map(str, range(a, b + 1))))
