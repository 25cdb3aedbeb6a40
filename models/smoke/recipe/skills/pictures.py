"""Questions about a picture whose labels are known: colour, shape, count, background, a nonce beside it."""

from phrasing import say
from skills import repeat

COLOR = ["What color is this?", "What colour is this?", "What color is it?", "What colour is it?", "What color is the picture?", "What color is this image?",
         "What colour is the image?", "Which color is this?", "Which colour do you see?", "What color do you see?", "Name the color.", "Name the colour.",
         "Color?", "What is the color of this picture?", "What is the colour of this?", "Tell me the color.", "What is the color?", "Which color is in the picture?",
         "What color is this picture? Answer with one word.", "What is the dominant color of this image?", "What is the main color?", "In one word, what color is this?",
         "What color is this image? One word.", "Describe the color of this image in one word."]
SHAPE_COLOR = ["What color is the {s}?", "What colour is the {s}?", "Which color is the {s}?", "What is the color of the {s}?", "Color of the {s}?",
               "What color is the shape?", "What colour is the shape?", "What color is the object?"]
SHAPES_COLOR = ["What color are the {m}?", "What colour are the {m}?", "Which color are the {m}?", "What color are they?", "What color are the shapes?",
                "What is the color of the {m}?"]
BACKGROUND = ["What color is the background?", "What colour is the background?", "Which color is the background?", "What is the background color?", "Background color?",
              "What is the color of the background?"]
SHAPE = ["What shape is this?", "What shape is it?", "Which shape is this?", "Which shape do you see?", "What shape do you see?", "Name the shape.", "Shape?",
         "What is the shape?", "What shape is in the picture?", "Tell me the shape.", "Which shape is in this image?", "What shape is shown?",
         "What shape is in the image? Answer with one word.", "What kind of shape is this?"]
COUNT = ["How many {m} are there?", "How many {m} do you see?", "How many shapes are there?", "How many {m} are in the picture?", "Count the {m}.", "Count the shapes.",
         "How many {m}?", "How many objects are in the picture?", "How many shapes do you see?", "How many are there?", "How many things are in this image?",
         "How many {c} {m} are there?", "What is the number of {m}?", "How many shapes are in the image? Answer with a number."]
DESCRIBE = ["What do you see?", "What is this?", "Describe the picture.", "Describe this image.", "What is in the picture?", "What is in this image?",
            "What does the image show?", "What is shown here?", "Describe what you see.", "What's in this image?"]


def questions(picture):
    """The kinds of question that this picture can answer, with their shares."""
    if not picture["shape"]:
        return {"color": 8, "repeat": 1, "describe": 1}
    many = picture["count"] > 1
    return {"color": 2, "shape_color": 2, "background": 2, "shape": 4, "count": 11 if many else 2, "describe": 6, "repeat": 1}


def several(shape):
    return "crosses" if shape == "cross" else f"{shape}s"


def described(picture):
    color, shape, count = picture["color"], picture["shape"], picture["count"]
    if not shape:
        return f"{color}"
    return f"{count} {color} {several(shape) if count > 1 else shape} on {picture['background']}"


def question(rng, picture, kind):
    """(text, answer) for one kind of question."""
    fields = {"s": picture["shape"], "m": several(picture["shape"]), "c": picture["color"]}
    if kind == "color":
        return say(rng, COLOR, **fields), picture["color"]
    if kind == "shape_color":
        return say(rng, SHAPES_COLOR if picture["count"] > 1 else SHAPE_COLOR, **fields), picture["color"]
    if kind == "background":
        return say(rng, BACKGROUND, **fields), picture["background"]
    if kind == "shape":
        return say(rng, SHAPE, **fields), picture["shape"]
    if kind == "count":
        return say(rng, COUNT, **fields), str(picture["count"])
    if kind == "describe":
        return say(rng, DESCRIBE, **fields), described(picture)
    turn = repeat.exchange(rng)
    return turn[0]["content"], turn[1]["content"]


def pick(rng, picture):
    kinds = questions(picture)
    return rng.choices(list(kinds), weights=list(kinds.values()))[0]


def exchange(rng, picture, kind=None):
    asked, answer = question(rng, picture, kind or pick(rng, picture))
    parts = [{"type": "image"}, {"type": "text", "text": asked}]
    if rng.random() < 0.3:
        parts.reverse()
    return [{"role": "user", "content": parts}, {"role": "assistant", "content": answer}]


def follow_up(rng, picture):
    asked, answer = question(rng, picture, pick(rng, picture))
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
