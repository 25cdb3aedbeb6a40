"""Questions whose answers are long, in every way an answer can be made, and clients that stream them."""

import itertools
import threading
import time

WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Current weather in a city",
                                            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}


def say(text):
    return [{"role": "user", "content": text}]


QUESTIONS = [
    {"messages": say("Count from 1 to 60."), "temperature": 0, "max_tokens": 400},
    {"messages": say("Count from 3 to 40."), "temperature": 1.2, "seed": 5, "max_tokens": 200, "extra_body": {"ignore_eos": True}},
    {"messages": say("Count from 1 to 40."), "temperature": 0.9, "seed": 6, "frequency_penalty": 0.5, "logprobs": True, "top_logprobs": 2, "max_tokens": 150,
     "extra_body": {"repetition_penalty": 1.1, "ignore_eos": True}},
    {"messages": say("Count from 1 to 50."), "temperature": 0, "stop": [", 44, 4"], "max_tokens": 400},
    {"messages": say("What is the weather in Paris?"), "temperature": 0, "tools": [WEATHER], "max_tokens": 96},
    {"messages": say("Count from 20 to 70."), "temperature": 2.0, "seed": 7, "max_tokens": 200, "extra_body": {"ignore_eos": True}},
]


def answer(client, model, question, told=lambda: None):
    """What a stream said, all of it that must not change, and the longest time between two of its chunks."""
    text, calls, logprobs, reasons = "", {}, [], []
    longest, last = 0.0, time.monotonic()
    for chunk in client.chat.completions.create(model=model, stream=True, **question):
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
        told()
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for call in choice.delta.tool_calls or []:
                calls[call.index] = calls.get(call.index, "") + (call.function.name or "") + (call.function.arguments or "")
            logprobs += [(position.token, position.logprob) for position in (choice.logprobs.content if choice.logprobs else None) or []]
            reasons += [choice.finish_reason] if choice.finish_reason else []
    return (text, calls, logprobs, reasons), longest


def expected_answers(client, model, questions=QUESTIONS):
    """Of every question, undisturbed."""
    answers = [answer(client, model, question)[0] for question in questions]
    for text, calls, _, reasons in answers:
        assert (text or calls) and len(reasons) == 1
    return answers


class Clients:
    """Threads that ask one question after the other until they are told to stop."""

    def __init__(self, server, model, expected, count, questions=QUESTIONS, ask=answer):
        """`ask`: what a question is asked by, as answer() is."""
        self.server, self.model, self.expected, self.questions, self.ask = server, model, expected, questions, ask
        self.lock, self.over = threading.Lock(), threading.Event()
        self.heard = 0  # chunks of all streams
        self.right, self.wrong, self.failed, self.pauses = 0, [], [], []
        self.threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def _told(self):
        with self.lock:
            self.heard += 1

    def _ask(self, number):
        client = self.server.client()
        for turn in itertools.count(number):
            if self.over.is_set():
                return
            which = turn % len(self.questions)
            try:
                found, longest = self.ask(client, self.model, self.questions[which], self._told)
            except Exception as failure:  # whatever a client may meet is a failure
                with self.lock:
                    self.failed.append(f"{which}: {failure!r}")
                continue
            with self.lock:
                self.pauses.append(longest)
                if found == self.expected[which]:
                    self.right += 1
                else:
                    self.wrong.append((which, found, self.expected[which]))

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def told(self):
        return f"{self.right} right, {len(self.wrong)} different, {len(self.failed)} failed"
