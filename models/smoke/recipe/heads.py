"""Readers of a picture's labels from the tower's features: supervision that training adds and the export leaves out."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from drawing import COLORS, SHAPES

CLASSES = {"color": list(COLORS), "shape": [None] + SHAPES, "background": list(COLORS), "count": list(range(7))}
CENTRES = 8.0  # weight of the centres' loss, a mean over many cells of which few hold one


def labelled(labels, rows, cols):
    """Class numbers of the labels of a batch of pictures, and where in their rows x cols merged cells the centres are.

    Each shape is 1 in all, shared by the four cells nearest to its centre (bilinear), so that a map's sum is the count."""
    made = {"label " + label: np.array([classes.index(picture[label]) for picture in labels]) for label, classes in CLASSES.items()}
    centres = np.zeros((len(labels), rows, cols), np.float32)
    for at, picture in enumerate(labels):
        for x, y in picture["centres"]:
            row, col = min(max(y * rows - 0.5, 0), rows - 1), min(max(x * cols - 0.5, 0), cols - 1)
            top, left = min(int(row), max(rows - 2, 0)), min(int(col), max(cols - 2, 0))
            for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
                if top + down < rows and left + right < cols:
                    centres[at, top + down, left + right] += abs(1 - down - (row - top)) * abs(1 - right - (col - left))
    return made | {"label centres": centres.reshape(len(labels), rows * cols)}


class Heads(nn.Module):
    """One hidden layer over the mean and the sum of the merged and the deepstack cells; a count is a sum.

    Beside it each cell, at each of the three depths, tells how much of a centre it has: knowing where to look makes counting quick to learn."""

    def __init__(self):
        super().__init__()
        self.head_hidden = nn.Linear(2 * 768, 256)
        self.head = nn.ModuleDict({label: nn.Linear(256, len(classes)) for label, classes in CLASSES.items()})
        self.head_centres = nn.ModuleList(nn.Linear(256, 1) for _ in range(3))

    def forward(self, seen, deep, pictures):
        cells = torch.cat([f.reshape(pictures, -1, f.shape[-1]) for f in (seen, *deep)], -1)
        x = F.gelu(self.head_hidden(torch.cat([cells.mean(1), cells.sum(1) / 32], -1)))
        centres = [head(f).float().reshape(pictures, -1) for head, f in zip(self.head_centres, (seen, *deep))]
        return {label: head(x).float() for label, head in self.head.items()} | {"centres": torch.stack(centres)}

    def loss(self, out, batch):
        centres = batch["label centres"].float().expand_as(out["centres"])
        return (sum(F.cross_entropy(out[label], batch["label " + label]) for label in CLASSES)
                + CENTRES * F.binary_cross_entropy_with_logits(out["centres"], centres.clamp(max=1))
                + 0.3 * F.smooth_l1_loss(out["centres"].sigmoid().sum(-1), centres.sum(-1)))
