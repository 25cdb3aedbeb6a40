"""Nobody hears another's answer: requests of all dialects with a nonce each, first alone, then from 32 clients at once."""

import concurrent.futures
import json
import random
import threading

import pictures
from programs import count

NONCES = count(96, 10_000)
CLIENTS = 32
TOKENS = 12
COLOURS = ("red", "green", "blue", "white")


def picture(dice):
    return pictures.data_url(pictures.plain(dice.choice(COLOURS), (64, 64)))


def requests():
    """(path, body) of each nonce."""
    dice = random.Random(4)
    for number in range(NONCES):
        nonce = f"{dice.getrandbits(64):016x}"
        url = picture(dice)
        kind, data = url.removeprefix("data:").split(";base64,")
        text = f"Repeat: {nonce}"
        yield [
            ("/v1/chat/completions", {"messages": [{"role": "user", "content": text}], "max_tokens": TOKENS, "temperature": 1, "seed": number}),
            ("/v1/messages", {"messages": [{"role": "user", "content": text}], "max_tokens": TOKENS, "temperature": 0}),
            ("/v1/responses", {"input": text, "max_output_tokens": TOKENS, "temperature": 0, "store": False}),
            ("/v1/completions", {"prompt": text, "max_tokens": TOKENS, "temperature": 1, "seed": number}),
            ("/v1/messages", {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}},
                                                                       {"type": "text", "text": text}]}], "max_tokens": TOKENS, "temperature": 0}),
            ("/v1/chat/completions", {"messages": [{"role": "user", "content": text}], "guided_regex": f"{nonce[:4]}-[a-z]{{6}}", "max_tokens": 40, "seed": number}),
            ("/v1/responses", {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": url}, {"type": "input_text", "text": text}]}],
                               "max_output_tokens": TOKENS, "temperature": 0, "store": False}),
        ][number % 7]


def said(answer):
    """What must not change of an answer: not its ids, its time, what the cache had."""
    if "choices" in answer:
        [choice] = answer["choices"]
        return choice.get("message", {}).get("content") or choice.get("text"), choice["finish_reason"]
    if answer.get("object") == "response":
        return [part["text"] for item in answer["output"] for part in item.get("content", [])], answer["status"]
    return [block.get("text") or block.get("thinking") for block in answer["content"]], answer["stop_reason"]


def test_each_gets_its_own(start_server):
    server = start_server("--max-sequences", str(CLIENTS), "--queue", str(NONCES))
    own = threading.local()

    def ask(request):
        path, body = request
        if not hasattr(own, "connection"):
            own.connection = server.connection(timeout=600)
        own.connection.request("POST", path, json.dumps({"model": "sanctum-smoke", **body}), {"Content-Type": "application/json"})
        response = own.connection.getresponse()
        text = response.read()
        assert response.status == 200, text
        return said(json.loads(text))

    asked = list(requests())
    alone = [ask(request) for request in asked]
    assert len({json.dumps(one) for one in alone}) > NONCES // 3, "nonces tell answers apart"
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        together = list(clients.map(ask, asked))
    different = [(request, a, b) for request, a, b in zip(asked, alone, together) if a != b]
    print(f"{NONCES} nonces from {CLIENTS} clients: {len(different)} differ from their twin")
    assert different == []
