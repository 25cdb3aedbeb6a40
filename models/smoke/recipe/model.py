"""The whole model, named as its checkpoint names it."""

import torch
import torch.nn.functional as F
from torch import nn

from heads import Heads
from text_model import TextModel
from vision_model import VisionModel


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.language_model = nn.Module()
        self.language_model.model = TextModel()
        self.vision_tower = VisionModel()
        self.heads = Heads()  # for training only
        for name, p in self.named_parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02 if "embed" in name and "patch" not in name else p.shape[1] ** -0.5)
                if name.endswith(("o_proj.weight", "down_proj.weight", "attn.proj.weight", "mlp.linear_fc2.weight")):
                    p.data.zero_()
            elif name.endswith("bias"):
                p.data.zero_()

    def logits(self, hidden):
        return F.linear(hidden, self.language_model.model.embed_tokens.weight)

    def loss(self, batch):
        """Mean cross entropy over the learned places of a micro-batch (see batches.py); pictures add that of their labels."""
        text, more = self.language_model.model, 0.0
        if "patches" in batch:
            seen, deep = self.vision_tower(batch["patches"], *batch["grid"])
            hidden = text(batch["ids"], batch["positions"], seen, deep, batch["image_at"])
            more = 0.25 * self.heads.loss(self.heads(seen, deep, batch["patches"].shape[0]), batch)
        else:
            hidden = text(batch["ids"])
        picked = hidden.reshape(-1, hidden.shape[-1]).index_select(0, batch["learn_at"])
        return F.cross_entropy(self.logits(picked).float(), batch["targets"]) + more


def parameters(model):
    return sum(p.numel() for name, p in model.named_parameters() if not name.startswith("heads."))


def load(path):
    """The model of a training's checkpoint."""
    model = Model()
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["model"], strict=False)
    return model


def seeded(seed=0):
    torch.manual_seed(seed)
    return Model()
