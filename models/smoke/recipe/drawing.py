"""Simple pictures with known labels: uniform ones of any size, and one to six equal shapes on a background."""

import io
import math

from PIL import Image, ImageDraw

COLORS = {
    "red": [(255, 0, 0), (220, 20, 30), (200, 0, 0)],
    "green": [(0, 128, 0), (0, 255, 0), (30, 180, 40)],
    "blue": [(0, 0, 255), (20, 40, 200), (40, 60, 230)],
    "yellow": [(255, 255, 0), (250, 230, 20), (240, 220, 0)],
    "black": [(0, 0, 0), (12, 12, 12), (20, 20, 20)],
    "white": [(255, 255, 255), (250, 250, 250), (242, 242, 242)],
    "orange": [(255, 165, 0), (255, 140, 0), (250, 130, 10)],
    "purple": [(128, 0, 128), (120, 20, 160), (110, 0, 140)],
    "pink": [(255, 192, 203), (255, 160, 190), (255, 140, 190)],
    "brown": [(139, 69, 19), (120, 70, 30), (101, 55, 20)],
    "gray": [(128, 128, 128), (150, 150, 150), (110, 110, 110)],
    "cyan": [(0, 255, 255), (30, 230, 240), (0, 220, 230)],
}
SHAPES = ["circle", "square", "triangle", "star", "cross"]
LEAST_SIDE = 48  # below this many pixels a picture is promised to have a colour only


def shade(rng, color):
    red, green, blue = rng.choice(COLORS[color])
    return tuple(min(255, max(0, v + rng.randint(-8, 8))) for v in (red, green, blue))


def outline(shape, x, y, r):
    if shape == "square":
        s = r * 0.88
        return [(x - s, y - s), (x + s, y - s), (x + s, y + s), (x - s, y + s)]
    if shape == "triangle":
        return [(x, y - r), (x + r * 0.95, y + r * 0.8), (x - r * 0.95, y + r * 0.8)]
    if shape == "star":
        return [(x + (r if k % 2 == 0 else r * 0.42) * math.sin(k * math.pi / 5), y - (r if k % 2 == 0 else r * 0.42) * math.cos(k * math.pi / 5)) for k in range(10)]
    w = r * 0.33
    return [(x - w, y - r), (x + w, y - r), (x + w, y - w), (x + r, y - w), (x + r, y + w), (x + w, y + w),
            (x + w, y + r), (x - w, y + r), (x - w, y + w), (x - r, y + w), (x - r, y - w), (x - w, y - w)]


def place(rng, width, height, count):
    """Centres and the one radius of `count` shapes that do not touch."""
    short = min(width, height)
    largest = {1: 0.45, 2: 0.24, 3: 0.21, 4: 0.19, 5: 0.17, 6: 0.155}[count]
    while True:
        r = short * rng.uniform(0.24 if count == 1 else 0.115, largest)
        centres = []
        for _ in range(60):
            x, y = rng.uniform(r, width - r), rng.uniform(r, height - r)
            if all((x - u) ** 2 + (y - v) ** 2 > (2.7 * r) ** 2 for u, v in centres):
                centres.append((x, y))
                if len(centres) == count:
                    return centres, r


def size(rng, least):
    """Sides from `least` to 512, small ones as likely as large ones; about half of the pictures square."""
    def side(low, high):
        return round(math.exp(rng.uniform(math.log(low), math.log(high + 0.49))))
    if rng.random() < 0.35:
        width = rng.choice([s for s in (1, 2, 4, 8, 16, 32, 64, 128, 224, 256, 384, 512, 100, 200, 300) if s >= least])
    else:
        width = side(least, 512)
    if rng.random() < 0.5:
        return width, width
    if least > 8:
        return width, side(max(least, width / 2.2), min(512, width * 2.2))
    return width, side(max(least, math.ceil(width / 20)), min(512, width * 20))


def through_jpeg(rng, image):
    data = io.BytesIO()
    image.save(data, "JPEG", quality=rng.randint(70, 95))
    return Image.open(data).convert("RGB")


def picture(rng, plain=0.22, single=0.4):
    """(image, labels); `plain` and `single`: shares of uniform pictures and, among the others, of those with one shape.

    Labels name centres as (x, y) in parts of the width and the height."""
    color = rng.choice(list(COLORS))
    if rng.random() < plain:
        image = Image.new("RGB", size(rng, 1), shade(rng, color))
        labels = {"color": color, "shape": None, "background": color, "count": 0, "centres": []}
    else:
        width, height = size(rng, LEAST_SIDE)
        background = rng.choice([c for c in (list(COLORS) if rng.random() < 0.6 else ["white", "black", "gray"]) if c != color] or ["white"])
        count = 1 if rng.random() < single else rng.randint(2, 6)
        shape = rng.choice(SHAPES)
        smooth = 2 if max(width, height) <= 160 and rng.random() < 0.6 else 1
        image = Image.new("RGB", (width * smooth, height * smooth), shade(rng, background))
        pen, ink = ImageDraw.Draw(image), shade(rng, color)
        centres, r = place(rng, width * smooth, height * smooth, count)
        parts = [(x / (width * smooth), y / (height * smooth)) for x, y in centres]
        for x, y in centres:
            if shape == "circle":
                pen.ellipse([x - r, y - r, x + r, y + r], fill=ink)
            else:
                pen.polygon(outline(shape, x, y, r), fill=ink)
        if smooth > 1:
            image = image.resize((width, height), Image.Resampling.BOX)
        labels = {"color": color, "shape": shape, "background": background, "count": count, "centres": parts}
    return (through_jpeg(rng, image) if rng.random() < 0.25 else image), labels
