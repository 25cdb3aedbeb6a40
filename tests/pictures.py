"""Pictures made on the spot, and the messages that hold them."""

import base64
import io

from PIL import Image, ImageDraw

COLORS = {"red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 128, 0), "yellow": (255, 255, 0), "white": (255, 255, 255)}


def encoded(image, kind="PNG"):
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def plain(color, size=(1, 1), kind="PNG"):
    return encoded(Image.new("RGB", size, COLORS[color]), kind)


def circle(color, side=128):
    image = Image.new("RGB", (side, side), (255, 255, 255))
    ImageDraw.Draw(image).ellipse((side // 4, side // 4, 3 * side // 4, 3 * side // 4), fill=COLORS[color])
    return encoded(image)


def data_url(data, kind="png"):
    return f"data:image/{kind};base64," + base64.b64encode(data).decode()


def about(url, question="What color is this?"):
    """One user message with a picture."""
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": question}]}]
