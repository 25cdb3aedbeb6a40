"""Train the model: text alone first, or text and pictures together; resumable, planned to the clock.

Usage: train.py --out FOLDER --minutes N [--resume CHECKPOINT] [--vision CHECKPOINT --pool FOLDER] ...
"""

import argparse
import json
import time
from pathlib import Path

import torch

import batches
import text_model
import vision_model
from conversations import WEIGHTS
from export import from_folder
from model import parameters, seeded
from muon import Optimizer
from pool import Pool

HERE = Path(__file__).resolve().parent


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--minutes", type=float, required=True, help="length of the schedule, by the clock")
    p.add_argument("--resume", type=Path, help="checkpoint to go on from (weights and optimizer)")
    p.add_argument("--start", type=Path, help="model folder to start from: the exported weights, when no checkpoint is left")
    p.add_argument("--vision", type=Path, help="checkpoint of train_vision.py to take the tower from")
    p.add_argument("--pool", type=Path, help="pictures (pool.py); without it the training is on text alone")
    p.add_argument("--tokenizer", type=Path, default=HERE.parent / "tokenizer.json")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--float32", action="store_true", help="for CPUs without bf16 arithmetic, where it is several times faster")
    p.add_argument("--tokens", type=int, default=4096, help="tokens in a micro-batch")
    p.add_argument("--text", default="3", help="text micro-batches a step, a number for each worker: 2,0")
    p.add_argument("--pictures", default="1", help="picture micro-batches a step, a number for each worker: 0,1")
    p.add_argument("--workers", type=int, default=1, help="processes that share a step's micro-batches")
    p.add_argument("--freeze-text", action="store_true", help="train the tower alone, through the language model's answers")
    p.add_argument("--heads-first", type=int, default=0, help="with --start, which brings no heads: steps in which they learn alone, before the tower follows them")
    p.add_argument("--rate", type=float, default=1.0, help="factor on the base learning rates")
    p.add_argument("--tail", type=float, default=0.5, help="last part of the schedule in which the rate falls to zero")
    p.add_argument("--warmup", type=int, default=60)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--weights", help="JSON object that replaces shares of the mix")
    p.add_argument("--eager", action="store_true", help="do not compile the layers (compiling takes a minute and halves a step's time)")
    p.add_argument("--max-steps", type=int, default=10 ** 9)
    return p.parse_args()


def save(path, model, optimizer, frozen, **more):
    beside = path.with_suffix(".new")
    weights = {name: optimizer.master.get(name, frozen.get(name, p.detach().float())) for name, p in model.state_dict().items()}
    torch.save({"model": weights, "optimizer": optimizer.state(), **more}, beside)
    beside.replace(path)


def take_vision(model, optimizer, path):
    weights = torch.load(path, map_location="cpu", weights_only=True)["model"]
    for name, value in weights.items():
        if name in optimizer.master:
            optimizer.master[name].copy_(value)
            optimizer.named[name].data.copy_(value)


def warm_heads(model, queue, steps, device, dtype):
    """Fresh heads learn to read the tower as it is, so that their first gradients do not spoil it; the first worker's are everyone's."""
    optimizer = Optimizer(model.heads)
    for step in range(steps):
        batch = batches.tensors(queue.get(), device, dtype)
        with torch.no_grad():
            seen, deep = model.vision_tower(batch["patches"], *batch["grid"])
        loss = model.heads.loss(model.heads(seen, deep, batch["patches"].shape[0]), batch)
        loss.backward()
        optimizer.gather()
        optimizer.step(min(1.0, (steps - step) / steps * 2))
        if step % 20 == 0:
            print(f"heads alone, step {step} {loss.item():.3f}", flush=True)
    if torch.distributed.is_initialized():
        for p in model.heads.parameters():
            torch.distributed.broadcast(p.data, 0)


def agree(optimizer, rate, done):
    """Sum the workers' gradients; the first worker's clock decides the rate and the end."""
    said = torch.tensor([rate, float(done)])
    torch.distributed.broadcast(said, 0)
    total = optimizer.flat.cpu()
    torch.distributed.all_reduce(total)
    optimizer.flat.copy_(total)
    return said[0].item(), bool(said[1])


def main(rank=0):
    a = arguments()
    if a.workers > 1:
        torch.distributed.init_process_group("gloo", init_method=f"file://{a.out.resolve()}/meet", rank=rank, world_size=a.workers)
    counts = [[int(n) for n in part.split(",")][rank % len(part.split(","))] for part in (a.text, a.pictures)]
    torch.set_num_threads(a.threads)
    a.out.mkdir(parents=True, exist_ok=True)
    if not a.eager:
        for part in (text_model.Layer, vision_model.Block):
            part.forward = torch.compile(part.forward, dynamic=True)
    dtype = torch.float32 if a.float32 else torch.bfloat16
    model = seeded(a.seed).to(a.device, dtype)
    if not a.pool:
        model.vision_tower.requires_grad_(False)
        model.heads.requires_grad_(False)
    step, frozen = 0, {}
    if a.start:
        frozen = {name: w for name, w in from_folder(a.start).state_dict().items() if not name.startswith("heads.")}
        model.load_state_dict(frozen, strict=False)
    if a.resume:
        state = torch.load(a.resume, map_location=a.device, weights_only=True)
        frozen = state["model"]
        model.load_state_dict(frozen, strict=False)
    if a.freeze_text:
        model.language_model.requires_grad_(False)
    if a.resume:
        step = state["step"]
    weights = {**WEIGHTS, **json.loads(a.weights or "{}")}
    seed = (a.seed * 1000003 + step) * 16 + rank
    sources = []
    if counts[0]:
        sources += [("text", batches.start("text", seed, a.tokenizer, a.tokens, weights))] * counts[0]
    if a.pool and counts[1]:
        sources += [("pictures", batches.start("pictures", seed + 8, a.tokenizer, a.tokens * 5 // 8, pool=Pool(a.pool)))] * counts[1]
    if a.heads_first:
        warm_heads(model, sources[-1][1], a.heads_first, a.device, dtype)
    optimizer = Optimizer(model)
    if a.resume:
        optimizer.load(state["optimizer"])
    if a.vision:
        take_vision(model, optimizer, a.vision)
    micro = sum(int(n) for part in ((a.text, a.pictures) if a.pool else (a.text,)) for n in part.split(","))
    print(parameters(model), "parameters, device", a.device, "from step", step, flush=True)
    began = saved = time.time()
    first, seen, losses, done = step, 0, {"text": [], "pictures": []}, False
    while not done:
        past = (time.time() - began) / (a.minutes * 60)
        done = past >= 1 or step - first >= a.max_steps
        rate = a.rate * max(0.0, min(1.0, (step - first + 1) / a.warmup, (1 - past) / a.tail))
        for kind, queue in sources:
            batch = batches.tensors(queue.get(), a.device, dtype)
            loss = model.loss(batch)
            loss.backward()
            optimizer.gather(1 / micro)
            losses[kind].append(loss.item())
            seen += batch["ids"].numel()
        if a.workers > 1:
            rate, done = agree(optimizer, rate, done)
        norm = optimizer.step(rate)
        step += 1
        if step % 20 == 0 or a.max_steps < 50:
            shown = {kind: round(sum(v) / len(v), 4) for kind, v in losses.items() if v}
            print(f"step {step} {shown} norm {norm:.3f} rate {rate:.3f} {seen / (time.time() - began):.0f} tok/s {(time.time() - began) / 60:.1f} min", flush=True)
            losses = {"text": [], "pictures": []}
        if rank == 0 and time.time() - saved > 180:
            save(a.out / "latest.pt", model, optimizer, frozen, step=step)
            saved = time.time()
    if rank == 0:
        save(a.out / "latest.pt", model, optimizer, frozen, step=step)
        save(a.out / "final.pt", model, optimizer, frozen, step=step)
        print("end", step, flush=True)


if __name__ == "__main__":
    if arguments().workers == 1:
        main()
    else:
        arguments().out.mkdir(parents=True, exist_ok=True)
        (arguments().out / "meet").unlink(missing_ok=True)
        torch.multiprocessing.spawn(main, nprocs=arguments().workers)
