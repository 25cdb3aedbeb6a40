"""A pool of drawn pictures on disk, by resized shape, so that training does not wait for drawing.

Usage: pool.py FOLDER COUNT SEED [SINGLE PLAIN]
"""

import json
import random
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from drawing import picture
from preprocess import resized

SINGLE, PLAIN = 0.2, 0.22  # many shapes are harder to tell than one: fewer single ones than an evaluation has


def draw(folder, count, seed, single=SINGLE, plain=PLAIN):
    rng = random.Random(seed)
    pixels, labels = defaultdict(list), defaultdict(list)
    for _ in range(count):
        image, label = picture(rng, plain, single)
        array = resized(image)
        key = f"{array.shape[0]}x{array.shape[1]}"
        pixels[key].append(array)
        labels[key].append(label)
    folder.mkdir(parents=True, exist_ok=True)
    for key in pixels:
        np.save(folder / f"{key}.{seed}.npy", np.stack(pixels[key]))
        (folder / f"{key}.{seed}.json").write_text(json.dumps(labels[key]))


class Pool:
    """The pictures of a folder; a batch of them has one shape."""

    def __init__(self, folder):
        self.parts = [(np.load(path, mmap_mode="r"), json.loads(path.with_suffix(".json").read_text())) for path in sorted(Path(folder).glob("*.npy"))]
        merged = defaultdict(list)
        for part, (array, labels) in enumerate(self.parts):
            merged[array.shape[1:3]] += [(part, at) for at in range(len(labels))]
        self.shapes = {shape: places for shape, places in merged.items() if len(places) >= 16}
        self.weights = [len(places) for places in self.shapes.values()]

    def batch(self, rng, tokens):
        """(uint8 pictures, labels): as many of one shape as make `tokens` patches; mirrored at random."""
        shape = rng.choices(list(self.shapes), weights=self.weights)[0]
        count = max(1, tokens // (shape[0] * shape[1] // 256))
        pixels, labels = [], []
        for part, at in rng.choices(self.shapes[shape], k=count):
            image, label = self.parts[part][0][at], self.parts[part][1][at]
            if rng.random() < 0.5:
                image = image[:, ::-1]
                label = {**label, "centres": [(1 - x, y) for x, y in label["centres"]]}
            if rng.random() < 0.3:
                image = image[::-1]
                label = {**label, "centres": [(x, 1 - y) for x, y in label["centres"]]}
            pixels.append(image)
            labels.append(label)
        return np.stack(pixels), labels


if __name__ == "__main__":
    draw(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *map(float, sys.argv[4:]))
