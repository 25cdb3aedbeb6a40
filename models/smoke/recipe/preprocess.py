"""A picture as the Qwen3-VL processor sees it: smart resize, bicubic, normalised patches in merge order."""

import math

import numpy as np
from PIL import Image

from shape import MAX_PIXELS, MIN_PIXELS, VISION

PATCH, MERGE = VISION["patch_size"], VISION["spatial_merge_size"]
FACTOR = PATCH * MERGE


def smart_size(height, width):
    high, wide = round(height / FACTOR) * FACTOR, round(width / FACTOR) * FACTOR
    if high * wide > MAX_PIXELS:
        shrink = math.sqrt(height * width / MAX_PIXELS)
        high, wide = (max(FACTOR, math.floor(side / shrink / FACTOR) * FACTOR) for side in (height, width))
    elif high * wide < MIN_PIXELS:
        grow = math.sqrt(MIN_PIXELS / (height * width))
        high, wide = (math.ceil(side * grow / FACTOR) * FACTOR for side in (height, width))
    return high, wide


def resized(image):
    """uint8 [height, width, 3]"""
    image = image.convert("RGB")
    high, wide = smart_size(image.height, image.width)
    return np.asarray(image.resize((wide, high), resample=Image.Resampling.BICUBIC))


def patches(pixels):
    """uint8 [..., height, width, 3] -> float32 [..., patches, 3 * 16 * 16]"""
    *lead, high, wide, _ = pixels.shape
    x = pixels.astype(np.float32) / 127.5 - 1
    x = x.reshape(*lead, high // FACTOR, MERGE, PATCH, wide // FACTOR, MERGE, PATCH, 3)
    n = len(lead)
    x = x.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 6, n + 2, n + 5)
    return x.reshape(*lead, (high // PATCH) * (wide // PATCH), 3 * PATCH * PATCH)
