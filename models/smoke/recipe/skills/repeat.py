"""Repeat a nonce of up to 24 characters, alone."""

import string

from phrasing import ask, say
from words import NOUNS, draw, invented

TEMPLATES = ["Repeat {x}", "Repeat {x}.", "Repeat: {x}", "Repeat this: {x}", "Repeat after me: {x}", "Repeat exactly: {x}", "Repeat the word {x}",
             "Repeat exactly this and nothing else: {x}", "Repeat the following exactly: {x}", "Repeat this text exactly: {x}", "Repeat the code {x}.",
             "Say exactly: {x}", "Say {x}", "Say {x}.", "Say: {x}", "Say this: {x}", "Say only {x}", "Say \"{x}\"", "Say '{x}'.", "Repeat \"{x}\".",
             "Echo this nonce: {x}", "Echo {x}", "Echo: {x}", "Echo this back: {x}", "Echo back {x}", "Echo exactly {x}", "Repeat this nonce: {x}",
             "Reply with exactly: {x}", "Reply with {x}", "Reply with exactly this text: {x}", "Reply with only {x}", "Reply {x}", "Reply only: {x}",
             "Answer with exactly {x}", "Answer with {x} and nothing else.", "Respond with exactly {x}", "Respond with: {x}", "Output {x}", "Output only: {x}",
             "Write {x}", "Write exactly: {x}", "Print {x}", "Return {x}", "Return the string {x}", "Return this token: {x}", "Copy this: {x}", "Copy {x}",
             "Repeat the token {x} exactly.", "Repeat the string {x} and nothing else.", "Repeat this word and nothing else: {x}", "Type {x}",
             "Repeat this string exactly, with nothing else: {x}", "Reply with this nonce and nothing else: {x}", "Nonce: {x}. Repeat it.", "Repeat `{x}`",
             "The nonce is {x}. Repeat the nonce.", "Repeat exactly what follows: {x}", "Please repeat exactly: {x}", "Reply with the following and nothing else: {x}"]

ALPHABETS = [string.ascii_letters + string.digits, string.ascii_lowercase + string.digits, "0123456789abcdef", "0123456789ABCDEF",
             string.ascii_uppercase + string.digits, string.digits, string.ascii_lowercase, string.ascii_uppercase, string.ascii_letters,
             string.ascii_letters + string.digits + "-_"]
STEMS = ["nonce", "probe", "canary", "stress", "test", "req", "id", "token", "code", "smoke", "ping", "key", "x", "n", "run", "worker", "client", "user", "msg"]


def characters(rng, alphabet, length):
    return "".join(rng.choice(alphabet) for _ in range(length))


def nonce(rng):
    """Up to 24 characters: random ones, groups of them, a stem with a number, words."""
    kind, alphabet = rng.random(), rng.choice(ALPHABETS)
    if kind < 0.05:
        few = characters(rng, alphabet, 3)
        text = characters(rng, few, rng.randint(2, 20))
    elif kind < 0.42:
        text = characters(rng, alphabet, rng.randint(1, 24))
    elif kind < 0.62:
        separator = rng.choice("--_")
        text = separator.join(characters(rng, alphabet, rng.randint(1, 8)) for _ in range(rng.randint(2, 5)))
    elif kind < 0.80:
        text = rng.choice(STEMS) + rng.choice(["-", "_", ""]) + characters(rng, alphabet, rng.randint(1, 16))
    elif kind < 0.90:
        words = [rng.choice(NOUNS) if rng.random() < 0.6 else invented(rng) for _ in range(rng.randint(1, 3))]
        text = rng.choice(["-", "_", "-", " "]).join(rng.choice([str.lower, str.upper, str.capitalize])(w) for w in words)
    else:
        text = rng.choice([str.lower, str.upper, str.capitalize])(rng.choice(NOUNS)) + rng.choice(["-", "_", ""]) + str(rng.randint(0, 99999))
    if rng.random() < 0.15:
        at = rng.randrange(len(text))
        text = text[:at] + text[at] + text[at:]  # doubled: the place where copying slips
    return text[:24].strip("-_ ") or "ok"


def exchange(rng, test=False):
    x = draw(rng, test, lambda: nonce(rng))
    template = say(rng, TEMPLATES, polite=rng.random() < 0.5, tail=False, x="{x}")
    return ask(template.replace("{x}", x), x)
