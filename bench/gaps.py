"""How evenly running streams go on while long prompts and large pictures arrive: the time between two tokens."""

import contextlib
import io
import time

import numpy as np
from PIL import Image

import models
import prompts
from child import Failed
from engine import Engine
from progress import say
from rounds import opened
from table import Group, Row

STREAMS, STREAM_TOKENS = 4, 1024
CALM_TOKENS = 40  # of each stream, undisturbed
PROMPTS, PROMPT_TOKENS = 3, 2000
PICTURES, PICTURE_SIDE = 2, 1024
PHASE_SECONDS_MAX = 900
MS = 1e3


def picture(number):
    noise = np.random.default_rng(number).integers(0, 256, (PICTURE_SIDE, PICTURE_SIDE, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    return out.getvalue()


class Streams:
    """Sequences that decode all the while; one that ends is followed by a new one, and the time between is no gap."""

    def __init__(self, engine):
        self.engine, self.ended = engine, []
        self.running = [self._begin() for _ in range(STREAMS)]
        self.more(2)

    def _begin(self):
        return self.engine.ask(prompts.cold(16), STREAM_TOKENS)

    def until(self, condition, what):
        def held():
            for i, request in enumerate(self.running):
                if request.completed:
                    self.ended.append(request)
                    self.running[i] = self._begin()
            return condition()
        self.engine.until(held, what, PHASE_SECONDS_MAX)

    def said(self):
        return sum(len(request.arrivals) for request in self.ended + self.running)

    def more(self, tokens):
        wanted = self.said() + STREAMS * tokens
        self.until(lambda: self.said() >= wanted, "every stream goes on")

    def gaps_while(self, action):
        """Every gap, in ms, that ended since `action` began, up to one token of each stream after its end."""
        begin = time.perf_counter()
        action()
        self.more(1)
        times = [[at for at, _ in request.arrivals] for request in self.ended + self.running]
        return [(after - before) * MS for one in times for before, after in zip(one, one[1:]) if after > begin]


def run(settings):
    for model in [models.LLAMA_1B, models.QWEN_VL]:
        with contextlib.ExitStack() as stack:
            yield measured(model, stack)


def phases_of(model, streams, pictures):
    """What goes on beside the streams, by title. The requests about pictures are appended to `pictures`."""

    def one(request):
        streams.until(lambda: request.completed, "a request completes")
        return request

    def long_prompts():
        for _ in range(PROMPTS):
            one(streams.engine.ask(prompts.cold(PROMPT_TOKENS), 1))

    def large_pictures():
        for _ in range(PICTURES):
            pictures.append(one(streams.engine.ask_about(picture(int(time.time_ns()) % (1 << 32)), 1)))

    phases = {"nothing else": lambda: streams.more(CALM_TOKENS),
              f"{PROMPTS} prompts of {PROMPT_TOKENS} tokens": long_prompts}
    if model == models.QWEN_VL:
        phases[f"{PICTURES} pictures of {PICTURE_SIDE}x{PICTURE_SIDE}"] = large_pictures
    return phases


def measured(model, stack):
    group = Group("gaps", f"time between tokens of {STREAMS} streams, {model} 4-bit", ["p50", "p99", "longest"])
    there, reasons = opened(stack, {"engine": lambda: Engine("engine gaps")})
    if "engine" not in there:
        group.notes.append(reasons["engine"])
        return group
    engine = there["engine"]
    say(f"loading {model} ...")
    engine.load(models.model(model))
    streams = Streams(engine)
    pictures = []
    for title, action in phases_of(model, streams, pictures).items():
        say(f"gaps between tokens: {title} ...")
        row = Row(title, "ms")
        group.rows.append(row)
        try:
            gaps = np.array(streams.gaps_while(action))
        except Failed as failure:
            row.reasons = {column: str(failure) for column in group.columns}
            break
        row.values = {"p50": [float(np.percentile(gaps, 50))], "p99": [float(np.percentile(gaps, 99))],
                      "longest": [float(gaps.max())]}
        group.notes.append(f"{title}: {len(gaps)} gaps")
    if pictures:
        last = pictures[-1]
        group.notes.append(f"a picture: {last.usage['image_tokens']} tokens, encoded in "
                           f"{last.timings['vision_us'] / 1e6:.1f} s, first token after {last.first_token_s:.1f} s")
    return group
