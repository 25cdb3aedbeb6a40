"""Addition and subtraction of numbers of one and two digits; results may be negative."""

from phrasing import ask, say
from words import draw

PLUS = ["What is {a} + {b}?", "What is {a} plus {b}?", "What's {a} + {b}?", "{a}+{b}=", "{a} + {b} =", "{a} + {b}", "{a}+{b}",
        "{a} + {b} = ?", "{a}+{b}?", "{a} plus {b}", "{a} plus {b}?", "Compute {a} + {b}.", "Compute {a} plus {b}", "Calculate {a} + {b}.",
        "How much is {a} + {b}?", "How much is {a} plus {b}?", "Add {a} and {b}.", "Add {b} to {a}.", "What is the sum of {a} and {b}?",
        "Sum {a} and {b}", "Tell me {a} + {b}.", "What does {a} + {b} equal?", "Solve {a} + {b}", "{a} and {b} is how much?",
        "What is the result of {a} + {b}?", "How many is {a} plus {b}?", "Quick: {a} + {b}?", "what is {a}+{b}?", "What is {a}+{b}"]
MINUS = ["What is {a} - {b}?", "What is {a} minus {b}?", "What's {a} - {b}?", "{a}-{b}=", "{a} - {b} =", "{a} - {b}", "{a}-{b}",
         "{a} - {b} = ?", "{a}-{b}?", "{a} minus {b}", "{a} minus {b}?", "Compute {a} - {b}.", "Compute {a} minus {b}", "Calculate {a} - {b}.",
         "How much is {a} - {b}?", "How much is {a} minus {b}?", "Subtract {b} from {a}.", "Take {b} from {a}.", "What is {a} take away {b}?",
         "Tell me {a} - {b}.", "What does {a} - {b} equal?", "Solve {a} - {b}", "What is the result of {a} - {b}?",
         "What is {a} less {b}?", "Quick: {a} - {b}?", "what is {a}-{b}?", "What is {a}-{b}"]
BARE = [" Answer with just the number.", " Only the number.", " Reply with the number only.", " Just the number, please.",
        " Answer with the number only.", " Answer with a number.", " Give only the result."]


def case(rng):
    def operand():
        return rng.randint(0, 9) if rng.random() < 0.2 else rng.randint(0, 99)
    return rng.choice("+-"), operand(), operand()


def exchange(rng, test=False):
    op, a, b = draw(rng, test, lambda: case(rng), key=lambda c: "%s %d %d" % c)
    result = a + b if op == "+" else a - b
    templates = PLUS if op == "+" else MINUS
    if rng.random() < 0.2:
        return ask(say(rng, templates, tail=False, polite=False, a=a, b=b) + rng.choice(BARE), str(result))
    return ask(say(rng, templates, a=a, b=b), f"{a} {op} {b} = {result}")
