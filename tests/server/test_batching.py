"""An answer does not depend on who else is being served."""

from concurrent.futures import ThreadPoolExecutor

import pictures
from programs import count

ROUNDS = count(2, 20)


def requests():
    """Eight: text short and long, pictures of several sizes, with and without a stream."""
    def text(content, **more):
        return {"messages": [{"role": "user", "content": content}], **more}

    def about(data, **more):
        return {"messages": pictures.about(pictures.data_url(data)), **more}

    return [
        text("What is 17 + 25?"),
        text("Repeat exactly this and nothing else: k3v9x2q8"),
        text("Count from 1 to 40.", stream=True),
        text("Tell me about " + "the sea and the wind and " * 60 + "the moon.", stream=True),
        about(pictures.plain("red")),
        about(pictures.plain("blue", (200, 60)), stream=True),
        about(pictures.circle("green")),
        text("Hello", temperature=1.5, seed=11, extra_body={"ignore_eos": True}),
    ]


def answer(client, model, request):
    result = client.chat.completions.create(**{"model": model, "temperature": 0, "max_tokens": 96, **request})
    if not request.get("stream"):
        return result.choices[0].message.content
    return "".join(chunk.choices[0].delta.content or "" for chunk in result if chunk.choices)


def test_eight_together_equal_one_by_one(client, model):
    batch = requests()
    alone = [answer(client, model, request) for request in batch]
    assert len(set(alone)) > 4, "different questions, different answers"
    with ThreadPoolExecutor(len(batch)) as pool:
        for _ in range(ROUNDS):
            assert list(pool.map(lambda request: answer(client, model, request), batch)) == alone


def test_same_question_different_pictures(client, model):
    """Pictures must not be swapped between requests that look alike."""
    colors = list(pictures.COLORS) * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda color: answer(client, model, {"messages": pictures.about(pictures.data_url(pictures.plain(color, (32, 32))))}), colors))
    assert [color in said.lower() for color, said in zip(colors, answers)] == [True] * len(colors)
