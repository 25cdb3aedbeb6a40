"""Curves as SVG, written by hand: both axes logarithmic, one line a contestant."""

import html
import math

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 130, 40, 50
COLOURS = ["#1f5fbf", "#c2571a", "#3a8f3a", "#8a4fae"]


def _ticks(low, high):
    """1, 2, 5 of each decade between the two."""
    decade = math.floor(math.log10(low))
    while 10**decade <= high:
        for step in (1, 2, 5):
            if low <= step * 10**decade <= high:
                yield step * 10**decade
        decade += 1


class Axis:
    def __init__(self, values, first, last):
        self.low, self.high = min(values) / 1.15, max(values) * 1.15
        self.first, self.last = first, last

    def at(self, value):
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.first + share * (self.last - self.first)


def _text(x, y, text, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{html.escape(text)}</text>'


def write(path, title, x_name, y_name, curves):
    """`curves`: {name: [(x, y)]}; a curve of one point is a dot. Nothing is written without points."""
    curves = {name: points for name, points in curves.items() if points}
    if not curves:
        return False
    xs = sorted({x for points in curves.values() for x, _ in points})
    ys = [y for points in curves.values() for _, y in points]
    across = Axis(xs, LEFT, WIDTH - RIGHT)
    up = Axis(ys, HEIGHT - BOTTOM, TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
           f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           _text(LEFT, TOP - 16, title, "start", ' font-size="14" font-weight="bold"'),
           _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_name),
           _text(16, (TOP + HEIGHT - BOTTOM) / 2, y_name, "middle",
                 f' transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2})"')]
    for y in _ticks(up.low, up.high):
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up.at(y):.1f}" y2="{up.at(y):.1f}" stroke="#ddd"/>')
        out.append(_text(LEFT - 6, up.at(y) + 4, f"{y:g}", "end"))
    for x in xs:
        out.append(_text(across.at(x), HEIGHT - BOTTOM + 18, f"{x:g}"))
    out.append(f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="#444"/>')
    for colour, (name, points) in zip(COLOURS, curves.items()):
        places = [(across.at(x), up.at(y)) for x, y in sorted(points)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        out.append(_text(places[-1][0] + 8, places[-1][1] + 4, name, "start", f' fill="{colour}"'))
    path.write_text("\n".join([*out, "</svg>", ""]))
    return True
