"""Greedy decoding of many prompts at once with the torch model (for evaluation)."""

import numpy as np
import torch

from batches import picture_positions
from preprocess import patches


class Cache:
    """Keys and values of the rows decoded so far; prompts stand right-aligned, `mask` hides their padding."""

    def __init__(self):
        self.store, self.mask = {}, None

    def extend(self, layer, k, v):
        if layer in self.store:
            k, v = (torch.cat([old, new], 2) for old, new in zip(self.store[layer], (k, v)))
        self.store[layer] = (k, v)
        return k, v


def hidden_mask(keep, new, heads, dtype):
    """Additive mask [rows * heads, new, all] from the kept places and causality."""
    rows, places = keep.shape
    visible = keep[:, None, :] & torch.ones(new, places, dtype=torch.bool).tril(places - new)[None]
    visible = visible | torch.eye(places, dtype=torch.bool)[places - new:][None]
    mask = torch.zeros(rows, new, places, dtype=dtype).masked_fill(~visible, float("-inf"))
    return mask.repeat_interleave(heads, 0)


@torch.no_grad()
def greedy(model, prompts, stop, limit, pixels=None, image=None):
    """prompts: lists of ids; pixels: uint8 pictures of one shape, one a prompt, or None. Returns lists of new ids."""
    text, dtype = model.language_model.model, model.language_model.model.norm.weight.dtype
    heads = text.layers[0].self_attn.heads
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts])
    keep = torch.tensor([[False] * (longest - len(p)) + [True] * len(p) for p in prompts])
    positions, seen, deep, image_at = (keep.long().cumsum(1) - 1).clamp(min=0)[None].expand(3, -1, -1), None, (), None
    if pixels is not None:
        rows, cols = pixels.shape[1] // 32, pixels.shape[2] // 32
        seen, deep = model.vision_tower(torch.from_numpy(patches(pixels)).to(dtype), rows * 2, cols * 2)
        image_at = (ids.reshape(-1) == image).nonzero()[:, 0]
        positions = torch.zeros(3, *ids.shape, dtype=torch.long)
        for at, prompt in enumerate(prompts):
            positions[:, at, longest - len(prompt):] = torch.from_numpy(picture_positions(np.array([prompt]), image, rows, cols))[:, 0]
    cache, out, live = Cache(), [[] for _ in prompts], torch.ones(len(prompts), dtype=torch.bool)
    cache.mask = hidden_mask(keep, longest, heads, dtype)
    last = positions[:, :, -1:].amax(0)
    hidden = text(ids, positions, seen, deep, image_at, cache)
    for _ in range(limit):
        chosen = model.logits(hidden[:, -1]).float().argmax(-1)
        for at in range(len(prompts)):
            if live[at]:
                if chosen[at].item() in stop:
                    live[at] = False
                else:
                    out[at].append(chosen[at].item())
        if not live.any():
            break
        last = last + 1
        keep = torch.cat([keep, torch.ones(len(prompts), 1, dtype=torch.bool)], 1)
        cache.mask = hidden_mask(keep, 1, heads, dtype)
        hidden = text(chosen[:, None], last[None].expand(3, -1, -1), cache=cache)
    return out
