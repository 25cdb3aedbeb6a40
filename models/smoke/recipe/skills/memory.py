"""A name told one, two or three turns ago."""

from phrasing import ask, say
from words import name

TELL = ["My name is {n}.", "My name is {n}", "I am {n}.", "I'm {n}.", "Hi, I'm {n}.", "Hello, my name is {n}.", "Call me {n}.", "Hi! My name is {n}.", "You can call me {n}.",
        "My name is {n}. Remember it.", "Remember: my name is {n}.", "Hello! I am {n}.", "The name is {n}.", "My name is {n}, remember that.", "Hey, I am called {n}.",
        "Please remember that my name is {n}.", "Remember my name: {n}.", "This is {n} speaking."]
ASK = ["What is my name?", "What's my name?", "Who am I?", "Do you remember my name?", "Tell me my name.", "What was my name?", "Say my name.", "What am I called?",
       "Do you know my name?", "Can you tell me my name?", "Which name did I tell you?", "What is my name again?", "Remind me of my name.", "And what is my name?",
       "What did I say my name was?", "What name did I give you?"]
OTHER_REPLIES = ["OK.", "Hello, {n}!", "Hi {n}, nice to meet you!", "Noted.", "Hello {n}. How can I help you today?", "I will remember that.", "Nice to meet you!", "OK, {n}."]


def exchange(rng, test=False, between=()):
    """The name, the turns in between, the question; now and then it was the system that told the name, or nobody."""
    n = name(rng, test)
    question = ask(say(rng, ASK), f"Your name is {n}.")
    manner = rng.random()
    if manner < 0.08 and not test:
        return list(between) + ask(say(rng, ASK), "I don't know your name.")
    told = ask(say(rng, TELL, n=n), f"Nice to meet you, {n}.")
    if manner < 0.25:
        told[1] = {"role": "assistant", "content": rng.choice(OTHER_REPLIES).format(n=n), "given": True}
    return told + list(between) + question
