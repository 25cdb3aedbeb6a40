"""Byte-level BPE learned from the mix: every digit alone, few merges, Qwen's special tokens."""

import json
import random
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import chat
from conversations import conversation, picture_conversation
from drawing import COLORS, SHAPES

VOCABULARY = 1024
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
PLAIN = ["<tool_call>", "</tool_call>", "<think>", "</think>"]
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def sample(rng):
    if rng.random() < 0.2:
        shape = rng.choice(SHAPES + [None])
        return picture_conversation(rng, {"shape": shape, "color": rng.choice(list(COLORS)), "background": rng.choice(list(COLORS)), "count": rng.randint(1, 6)})
    return conversation(rng)


def corpus(conversations=40000):
    rng = random.Random(1)
    for _ in range(conversations):
        made = sample(rng)
        text = chat.text(made["messages"], tools=made.get("tools"), compact=made.get("compact", False))
        for token in SPECIAL + PLAIN:
            text = text.replace(token, "\n")
        yield text


def learn():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    added = len(SPECIAL) + len(PLAIN)
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY - added, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), min_frequency=40, show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in PLAIN])
    return tokenizer


def tokenizer_config(tokenizer):
    decoder = {str(tokenizer.token_to_id(t)): {"content": t, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": t in SPECIAL}
               for t in SPECIAL + PLAIN}
    return {"tokenizer_class": "Qwen2Tokenizer", "add_prefix_space": False, "add_bos_token": False, "bos_token": None, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
            "unk_token": None, "additional_special_tokens": SPECIAL[1:], "added_tokens_decoder": decoder, "clean_up_tokenization_spaces": False,
            "errors": "replace", "model_max_length": 4096, "split_special_tokens": False}


def main(folder):
    tokenizer = learn()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config(tokenizer), indent=2) + "\n")
    print(tokenizer.get_vocab_size(), "tokens")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
