"""What stands between a request and the device: pictures are read in turn, and what waits has a limit in bytes."""

import io

import pytest
from PIL import Image

import pictures
from engine_process import Engine, Refused, picture_part
from programs import SMOKE_MODEL, count

PICTURES = 6
REQUESTS = 4
SIDE = count(2000, 7900)  # pixels


def user(content):
    return [{"role": "user", "content": content}]


def large_picture(shade):
    out = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (shade, 40, 200)).save(out, "PNG")
    return out.getvalue()


def test_pictures_of_others_do_not_hold_up_a_probe():
    """Eight requests of eight 63-megapixel pictures once delayed "17 + 25" by 35 s."""
    engine = Engine()
    try:
        engine.load(SMOKE_MODEL)
        parts = [picture_part(large_picture(shade)) for shade in range(PICTURES)]
        sent = []
        for i in range(REQUESTS):
            number = engine.send("generate", request=f"pictures {i}", model="m", messages=user(parts), sampling={"temperature": 0, "max_tokens": 4})
            sent.append(number)
        asked = engine.send("generate", request="probe", model="m", reserved=True, messages=user("What is 17 + 25?"),
                            sampling={"temperature": 0, "max_tokens": 16})
        engine.answer(asked)
        before = sum(number in engine.answers for number in sent)
        print(f"accepted before the probe: {before} of {REQUESTS}")
        assert before < 2, "one after the other, at least three would be"
        engine.completed("probe")
        assert "42" in engine.text("probe")
        for i in range(REQUESTS):
            engine.completed(f"pictures {i}")
    finally:
        engine.stop()


def test_what_live_requests_hold_has_a_limit_in_bytes():
    engine = Engine("--request-bytes", "300KiB")
    try:
        engine.load(SMOKE_MODEL)
        endless = {"temperature": 0, "max_tokens": 3500, "ignore_eos": True}
        noise = pictures.plain("blue", (40, 40))
        engine.call("generate", request="held", model="m", messages=user([picture_part(noise), {"type": "text", "text": "Count."}]), sampling=endless)
        with pytest.raises(Refused) as refused:
            engine.call("generate", request="large", model="m", prompt="x" * (300 << 10))
        assert refused.value.data["code"] == "busy", refused.value.text
        assert "307200 bytes" in refused.value.text
        with pytest.raises(Refused) as refused:
            engine.call("generate", request="never", model="m", prompt="x" * (301 << 10))
        assert refused.value.data["code"] == "invalid", "it would not fit an idle engine"
        engine.call("generate", request="small", model="m", messages=user("hi"), sampling={"max_tokens": 2})
        engine.completed("small")
        engine.call("cancel", request="held")
        engine.completed("held")
        with pytest.raises(Refused) as refused:
            engine.call("generate", request="large", model="m", prompt="x" * (300 << 10))
        assert refused.value.data["code"] == "too_long", "there is room now; the model has none"
    finally:
        engine.stop()
