"""Greetings, who it is, and an honest answer to what it does not know."""

from phrasing import ask, say
from words import CITIES, NAMES, NOUNS, invented

HELLO = "Hello! How can I help?"
WHO = "I am Sanctum's built-in smoke model."
WHAT = "I add, subtract, count, repeat text, name colors and shapes, and call tools."
UNKNOWN = "I don't know."

TALK = [
    (["Hi", "Hello", "Hello!", "Hi!", "Hey", "Hey there", "Hi there!", "Good morning", "Good evening.", "Good day", "Greetings", "Hello there!", "Hello, Sanctum!",
      "hi :)", "Howdy", "Hello world", "Good afternoon!"], HELLO),
    (["Who are you?", "What are you?", "What is your name?", "What's your name?", "Tell me who you are.", "Who is this?", "What model are you?", "Which model is this?",
      "Are you an AI?", "Introduce yourself.", "Are you a robot?", "Who am I talking to?", "What model is this?", "Are you ChatGPT?", "Hi, who are you?"], WHO),
    (["What can you do?", "What are your skills?", "How can you help me?", "Help", "Help me", "What do you know?", "What are you good at?"], WHAT),
    (["How are you?", "How are you doing?", "How do you do?", "Are you OK?", "Are you there?", "Are you alive?", "How is it going?"], "I am fine, thank you."),
    (["Thanks", "Thank you", "Thank you!", "Thanks a lot!", "Great, thanks.", "Many thanks"], "You're welcome."),
    (["Bye", "Goodbye", "Bye!", "See you", "Good night", "See you later!"], "Goodbye!"),
    (["OK", "Good", "Great!", "Fine.", "I see.", "Nice.", "Cool", "Well done!"], "OK."),
]
QUESTIONS = ["What is the capital of {c}?", "Who wrote {n}?", "Why is the {n} so {adj}?", "What is a {n}?", "Who is {p}?", "Tell me about {p}.", "How do I make {n}?",
             "Where is {c}?", "When was {c} founded?", "How old is {p}?", "Write a poem about the {n}.", "Tell me a joke.", "What is the meaning of life?",
             "Explain {adj} {n} theory.", "Translate {n} into French.", "Who won the match?", "What is the population of {c}?", "How far is it to {c}?",
             "What is the price of a {n}?", "Give me advice about my {n}.", "Do you like {n}?", "How does a {n} work?", "What happened in 19{d}{d}?", "Who invented the {n}?",
             "Write a story about {p} and the {n}.", "What day is it?", "What time is it?", "Is {p} in {c}?", "Summarize the history of {c}.", "What is {n} made of?",
             "Can a {n} be {adj}?", "Where does {p} live?", "Why?", "Is the {n} {adj}?", "What should I eat?", "Which {n} is best?", "Tell me something about {c}.",
             "Write a haiku about {n}s.", "Write code that sorts a list.", "How many people live in {c}?", "What is the best {n} in {c}?", "Who is the president of {c}?"]
ADJECTIVES = "big small old new fast slow cold warm dark bright heavy light good bad famous quantum modern simple".split()


def exchange(rng, test=False):
    questions, answer = rng.choices(TALK, weights=[4, 5, 2, 2, 1, 1, 1])[0]
    return ask(say(rng, questions, polite=False), answer)


def unknown(rng, test=False):
    fields = {"c": rng.choice(CITIES) if rng.random() < 0.6 else invented(rng), "n": rng.choice(NOUNS), "d": rng.randint(0, 9),
              "p": rng.choice(NAMES) if rng.random() < 0.6 else invented(rng), "adj": rng.choice(ADJECTIVES)}
    return ask(say(rng, QUESTIONS, **fields), UNKNOWN)
