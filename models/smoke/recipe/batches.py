"""Micro-batches: conversations of like length side by side, made in worker processes."""

import multiprocessing
import os
import random
from collections import defaultdict
from queue import Full

import numpy as np
import torch
from tokenizers import Tokenizer

import chat
from conversations import conversation, picture_conversation
from heads import labelled
from preprocess import patches

LENGTHS = [32, 48, 64, 80, 96, 128, 160, 192, 256, 320, 448, 512]


class Encoder:
    def __init__(self, path):
        self.tokenizer = Tokenizer.from_file(str(path))
        self.image, self.start = (self.tokenizer.token_to_id(t) for t in ("<|image_pad|>", "<|vision_start|>"))

    def __call__(self, made, cells=1):
        """(ids, learned): image places repeated `cells` times."""
        ids, learned = [], []
        for text, learn in chat.pieces(made["messages"], tools=made.get("tools"), compact=made.get("compact", False)):
            piece = self.tokenizer.encode(text, add_special_tokens=False).ids
            if self.image in piece:
                piece = [i for token in piece for i in ([token] * cells if token == self.image else [token])]
            ids += piece
            learned += [learn] * len(piece)
        return ids, learned


def padded(rows, length, pad):
    """ids, places of the tokens before a learned one, and those learned tokens."""
    ids = np.full((len(rows), length), pad, np.int64)
    learn = np.zeros((len(rows), length), bool)
    for at, (tokens, learned) in enumerate(rows):
        ids[at, :len(tokens)] = tokens
        learn[at, :len(tokens)] = learned
    targets = ids[:, 1:][learn[:, 1:]]
    learn_at = np.flatnonzero(np.pad(learn[:, 1:], ((0, 0), (0, 1))).reshape(-1))
    return {"ids": ids, "learn_at": learn_at, "targets": targets}


def picture_positions(ids, image, rows, cols):
    """mrope positions [3, batch, length]: text counts on, a picture's cells have row and column."""
    out = np.zeros((3,) + ids.shape, np.int64)
    for b, row in enumerate(ids):
        at = int(np.argmax(row == image))
        cells = rows * cols
        out[:, b, :at] = np.arange(at)
        out[0, b, at:at + cells] = at
        out[1, b, at:at + cells] = at + np.repeat(np.arange(rows), cols)
        out[2, b, at:at + cells] = at + np.tile(np.arange(cols), rows)
        rest = ids.shape[1] - at - cells
        out[:, b, at + cells:] = at + max(rows, cols) + np.arange(rest)
    return out


def text_batches(rng, encode, tokens, weights):
    """Endless text micro-batches of about `tokens` tokens; short rows wait until there are enough of them."""
    waiting = defaultdict(list)
    while True:
        row = encode(conversation(rng, weights))
        length = next((l for l in LENGTHS if l >= len(row[0])), None)
        if length is None:
            continue
        waiting[length].append(row)
        if len(waiting[length]) * length >= tokens:
            yield padded(waiting.pop(length), length, 0)


def picture_batches(rng, encode, tokens, pool):
    while True:
        pixels, labels = pool.batch(rng, tokens * 2)
        rows, cols = pixels.shape[1] // 32, pixels.shape[2] // 32
        encoded = [encode(picture_conversation(rng, label), rows * cols) for label in labels]
        keep = [at for at, row in enumerate(encoded) if len(row[0]) <= 256]
        length = -(-max(len(encoded[at][0]) for at in keep) // 16) * 16
        batch = padded([encoded[at] for at in keep], length, 0)
        batch["positions"] = picture_positions(batch["ids"], encode.image, rows, cols)
        batch["image_at"] = np.flatnonzero(batch["ids"].reshape(-1) == encode.image)
        batch["patches"] = patches(pixels[keep])
        batch |= labelled([labels[at] for at in keep], rows, cols)
        batch["grid"] = (rows * 2, cols * 2)
        yield batch


def tensors(batch, device, dtype):
    out = {}
    for key, value in batch.items():
        if isinstance(value, np.ndarray):
            value = torch.from_numpy(value).to(device)
            value = value.to(dtype) if value.is_floating_point() else value
        out[key] = value
    return out


def work(queue, kind, seed, path, tokens, weights, pool):
    os.nice(1)
    torch.set_num_threads(1)
    rng = random.Random(seed)
    encode = Encoder(path)
    source = text_batches(rng, encode, tokens, weights) if kind == "text" else picture_batches(rng, encode, tokens, pool)
    parent = os.getppid()
    for batch in source:
        while True:
            try:
                queue.put(batch, timeout=10)
                break
            except Full:
                if os.getppid() != parent:
                    return


def start(kind, seed, path, tokens, weights=None, pool=None, depth=12):
    """A queue that a daemon process keeps filled."""
    context = multiprocessing.get_context("fork")
    queue = context.Queue(depth)
    context.Process(target=work, args=(queue, kind, seed, path, tokens, weights, pool), daemon=True).start()
    return queue
