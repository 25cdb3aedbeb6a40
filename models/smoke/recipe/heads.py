"""Readers of a picture's labels from the tower's features: supervision that training adds and the export leaves out."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from drawing import COLORS, SHAPES

CLASSES = {"color": list(COLORS), "shape": [None] + SHAPES, "background": list(COLORS), "count": list(range(7))}


def labelled(labels):
    """Class numbers of the labels of a batch of pictures."""
    return {"label " + label: np.array([classes.index(picture[label]) for picture in labels]) for label, classes in CLASSES.items()}


class Heads(nn.Module):
    """One hidden layer over the mean and the sum of the merged and the deepstack cells; a count is a sum."""

    def __init__(self):
        super().__init__()
        self.head_hidden = nn.Linear(2 * 768, 256)
        self.head = nn.ModuleDict({label: nn.Linear(256, len(classes)) for label, classes in CLASSES.items()})

    def forward(self, seen, deep, pictures):
        cells = torch.cat([f.reshape(pictures, -1, f.shape[-1]) for f in (seen, *deep)], -1)
        x = F.gelu(self.head_hidden(torch.cat([cells.mean(1), cells.sum(1) / 32], -1)))
        return {label: head(x).float() for label, head in self.head.items()}

    def loss(self, out, batch):
        return sum(F.cross_entropy(out[label], batch["label " + label]) for label in CLASSES)
