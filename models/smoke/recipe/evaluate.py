"""Exact match on held-out cases per skill, greedy, with the weights as the exported file rounds them.

Usage: evaluate.py CHECKPOINT|MODEL_FOLDER [--count 300] [--skills a,b] [--show 3]
"""

import argparse
import json
import random
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

import chat
from batches import Encoder
from conversations import WEIGHTS, single, with_system
from drawing import picture
from export import from_folder
from generate import greedy
from model import load
from preprocess import resized
from quantize import dequantize, quantize
from skills import pictures

HERE = Path(__file__).resolve().parent
PICTURE_SKILLS = ["color 1x1", "color plain", "color", "shape_color", "background", "shape", "count", "describe", "repeat beside"]


def from_checkpoint(path):
    model = load(path)
    for name, p in model.named_parameters():
        if p.dim() == 2 and p.shape[1] % 64 == 0 and "pos_embed" not in name and "patch_embed" not in name:
            p.data = dequantize(*quantize(p.data))
        else:
            p.data = p.data.bfloat16().float()
    return model


def cut(messages):
    """Each answer that the model has to write, with what stands before it."""
    return [(messages[:at], chat.answer_text(m)) for at, m in enumerate(messages) if m["role"] == "assistant" and not m.get("given")]


def text_cases(rng, skill, count):
    cases = []
    while len(cases) < count:
        made = single(rng, skill, test=True)
        made["messages"] = with_system(rng, made["messages"])
        parts = cut(made["messages"])
        for before, answer in (parts if skill == "tools" else parts[-1:]):
            cases.append((before, made, answer, None))
    return cases[:count]


def picture_cases(rng, skill, count):
    cases = []
    while len(cases) < count:
        image, labels = picture(rng, plain=1.0 if skill.startswith("color ") else 0.0)
        if skill == "color 1x1":
            image = image.resize((1, 1))
        kind = {"color 1x1": "color", "color plain": "color", "repeat beside": "repeat"}.get(skill, skill)
        messages = with_system(rng, pictures.exchange(rng, labels, kind), 0.15)
        cases.append((messages[:-1], {}, messages[-1]["content"], resized(image)))
    return cases


def answer(model, encode, cases, limit=640):
    """Decode like prompts together: pictures of one shape, texts of like length."""
    groups = defaultdict(list)
    for at, (before, made, expected, pixels) in enumerate(cases):
        cells = pixels.shape[0] * pixels.shape[1] // 1024 if pixels is not None else 1
        pieces = chat.pieces(before, tools=made.get("tools"), compact=made.get("compact", False), prompt=True)
        ids = [i for text, _ in pieces for token in encode.tokenizer.encode(text, add_special_tokens=False).ids
               for i in ([token] * cells if token == encode.image and pixels is not None else [token])]
        groups[pixels.shape if pixels is not None else len(expected) // 40].append((at, ids))
    said = [""] * len(cases)
    stop = {encode.tokenizer.token_to_id("<|im_end|>"), encode.tokenizer.token_to_id("<|endoftext|>")}
    for key, members in groups.items():
        members.sort(key=lambda m: len(m[1]))
        for start in range(0, len(members), 64):
            part = members[start:start + 64]
            pixels = np.stack([cases[at][3] for at, _ in part]) if isinstance(key, tuple) else None
            longest = max(len(encode.tokenizer.encode(cases[at][2]).ids) for at, _ in part) + 12
            for (at, _), ids in zip(part, greedy(model, [ids for _, ids in part], stop, min(limit, longest), pixels, encode.image)):
                said[at] = encode.tokenizer.decode(ids, skip_special_tokens=False)
    return said


def main():
    p = argparse.ArgumentParser()
    p.add_argument("model", type=Path)
    p.add_argument("--count", type=int, default=300)
    p.add_argument("--skills")
    p.add_argument("--show", type=int, default=2)
    p.add_argument("--seed", type=int, default=777)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--float32", action="store_true")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    model = from_folder(a.model) if a.model.is_dir() else from_checkpoint(a.model)
    model = model.eval() if a.float32 else model.to(torch.bfloat16).eval()
    encode = Encoder(HERE.parent / "tokenizer.json")
    result = {}
    for skill in a.skills.split(",") if a.skills else list(WEIGHTS) + PICTURE_SKILLS:
        rng = random.Random(f"{a.seed} {skill}")
        cases = picture_cases(rng, skill, a.count) if skill in PICTURE_SKILLS else text_cases(rng, skill, a.count)
        said = answer(model, encode, cases)
        right = [expected == text for (_, _, expected, _), text in zip(cases, said)]
        result[skill] = sum(right) / len(right)
        print(f"{skill:14} {100 * result[skill]:6.2f} %  of {len(right)}", flush=True)
        wrong = [(before[-1]["content"], expected, text) for (before, _, expected, _), text, ok in zip(cases, said, right) if not ok]
        for asked, expected, text in wrong[:a.show]:
            print("    ", json.dumps(asked)[:160], "| expected", expected[:80], "| said", text[:100].replace("\n", "\\n"))
    print(json.dumps(result))


if __name__ == "__main__":
    sys.exit(main())
