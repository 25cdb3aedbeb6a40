"""Muon for hidden matrices, AdamW for the rest, fp32 masters for the model's weights, matrices of one shape together."""

from collections import defaultdict

import torch


def orthogonalize(x, steps=5):
    """Newton-Schulz on a stack of matrices [n, rows, cols], rows <= cols, in their own precision; bf16's is enough."""
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x


class Optimizer:
    """Parameters live in the model in its dtype; this holds their fp32 masters and the fp32 sums of their gradients."""

    def __init__(self, model, matrix_rate=0.02, other_rate=3e-3, weight_decay=0.01):
        self.rates = {"matrix": matrix_rate, "other": other_rate}
        self.weight_decay, self.steps = weight_decay, 0
        self.named = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.master = {name: p.detach().float().clone() for name, p in self.named.items()}
        self.first = {name: torch.zeros_like(w) for name, w in self.master.items()}
        self.groups, self.rest, self.second = defaultdict(list), [], {}
        for name, w in self.master.items():
            if w.dim() == 2 and "embed" not in name and "head" not in name:
                self.groups[tuple(sorted(w.shape))].append(name)
            else:
                self.rest.append(name)
                self.second[name] = torch.zeros_like(w)
        self.flat = torch.zeros(sum(w.numel() for w in self.master.values()), device=next(iter(self.master.values())).device)
        parts = self.flat.split([w.numel() for w in self.master.values()])
        self.total = {name: part.view_as(w) for (name, w), part in zip(self.master.items(), parts)}

    def gather(self, scale=1.0):
        """Add a micro-batch's gradients and clear them."""
        for name, p in self.named.items():
            if p.grad is not None:
                self.total[name].add_(p.grad.float(), alpha=scale)
                p.grad = None

    @torch.no_grad()
    def step(self, rate):
        """One update at `rate` times the base rates; returns the gradients' norm."""
        self.steps += 1
        norm = self.flat.norm().item()
        for (short, long), names in self.groups.items():
            updates = []
            for name in names:
                g, m = self.total[name], self.first[name]
                m.lerp_(g, 0.05)
                u = g.lerp(m, 0.95)
                updates.append(u.T if u.shape[0] > u.shape[1] else u)
            turned = orthogonalize(torch.stack(updates).to(self.named[names[0]].dtype)).float()
            for name, u in zip(names, turned):
                w = self.master[name]
                u = u.T if w.shape[0] > w.shape[1] else u
                w.mul_(1 - rate * self.rates["matrix"] * self.weight_decay)
                w.add_(u, alpha=-rate * self.rates["matrix"] * max(1, w.shape[0] / w.shape[1]) ** 0.5)
        b1, b2 = 0.9, 0.98
        for name in self.rest:
            g, m, v = self.total[name], self.first[name], self.second[name]
            m.lerp_(g, 1 - b1)
            v.lerp_(g * g, 1 - b2)
            u = (m / (1 - b1 ** self.steps)) / ((v / (1 - b2 ** self.steps)).sqrt() + 1e-8)
            self.master[name].add_(u, alpha=-rate * self.rates["other"])
        for name, p in self.named.items():
            p.data.copy_(self.master[name])
        self.flat.zero_()
        return norm

    def state(self):
        return {"master": self.master, "first": self.first, "second": self.second, "steps": self.steps}

    def load(self, state):
        self.steps = state["steps"]
        for mine, theirs in ((self.master, state["master"]), (self.first, state["first"]), (self.second, state["second"])):
            for name, value in theirs.items():
                if name in mine and mine[name].shape == value.shape:
                    mine[name].copy_(value)
        for name, p in self.named.items():
            p.data.copy_(self.master[name])
