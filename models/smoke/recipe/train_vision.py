"""Train the vision tower alone against the labels that the drawing knows: colour, shape, background, count.

Usage: train_vision.py --out FOLDER --pool FOLDER --minutes N [--resume CHECKPOINT]
"""

import argparse
import random
import time
from pathlib import Path

import torch
from torch import nn

import vision_model
from batches import tensors
from export import from_folder
from heads import CLASSES, Heads, labelled
from model import seeded
from muon import Optimizer
from pool import Pool
from preprocess import patches


class Tower(nn.Module):
    def __init__(self, tower):
        super().__init__()
        self.vision_tower, self.heads = tower, Heads()

    def forward(self, batch):
        return self.heads(*self.vision_tower(batch["patches"], *batch["grid"]), batch["patches"].shape[0])


def batch(rng, pool, tokens, device, dtype):
    pixels, labels = pool.batch(rng, tokens)
    made = {"patches": patches(pixels), "grid": (pixels.shape[1] // 16, pixels.shape[2] // 16)}
    return tensors(made | labelled(labels, *(side // 2 for side in made["grid"])), device, dtype)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--pool", type=Path, required=True)
    p.add_argument("--minutes", type=float, required=True)
    p.add_argument("--resume", type=Path)
    p.add_argument("--start", type=Path, help="model folder to take the tower from, when no checkpoint is left")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--float32", action="store_true", help="for CPUs without bf16 arithmetic, where it is several times faster")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--tokens", type=int, default=6144, help="patches in a step")
    p.add_argument("--tail", type=float, default=0.6)
    p.add_argument("--eager", action="store_true", help="do not compile the blocks")
    p.add_argument("--rate", type=float, default=1.0)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    if not a.eager:
        vision_model.Block.forward = torch.compile(vision_model.Block.forward, dynamic=True)
    a.out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(a.seed)
    pool = Pool(a.pool)
    whole = from_folder(a.start) if a.start else seeded(a.seed)
    dtype = torch.float32 if a.float32 else torch.bfloat16
    model = Tower(whole.vision_tower).to(a.device, dtype)
    optimizer = Optimizer(model)
    step = 0
    if a.resume:
        state = torch.load(a.resume, map_location=a.device, weights_only=True)
        optimizer.load(state["optimizer"])
        step = state["step"]
    began, right, total, first = time.time(), {}, 0, step

    def save():
        torch.save({"model": {**optimizer.master}, "optimizer": optimizer.state(), "step": step}, a.out / "vision.new")
        (a.out / "vision.new").replace(a.out / "vision.pt")

    while time.time() - began < a.minutes * 60:
        rate = a.rate * min(1.0, (step - first + 1) / 60, (1 - (time.time() - began) / (a.minutes * 60)) / a.tail)
        made = batch(rng, pool, a.tokens, a.device, dtype)
        out = model(made)
        model.heads.loss(out, made).backward()
        optimizer.gather()
        optimizer.step(rate)
        step += 1
        total += len(made["label color"])
        for label in CLASSES:
            right[label] = right.get(label, 0) + (out[label].argmax(-1) == made["label " + label]).sum().item()
        if step % 25 == 0:
            print(f"step {step}", {label: round(n / total, 3) for label, n in right.items()}, f"rate {rate:.3f} {(time.time() - began) / 60:.1f} min", flush=True)
            right, total = {}, 0
        if step % 200 == 0:
            save()
    save()


if __name__ == "__main__":
    main()
