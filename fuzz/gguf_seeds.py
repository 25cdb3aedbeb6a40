"""Writes fuzz/seeds/gguf: small GGUF files from which the fuzzer starts, of every form that the reader knows.

    python3 fuzz/gguf_seeds.py
"""

import struct
from pathlib import Path

OUT = Path(__file__).resolve().parent / "seeds" / "gguf"
U8, I32, F32, BOOL, STRING, ARRAY, U64 = 0, 5, 6, 7, 8, 9, 10
U32 = 4
FORMS = {U8: "<B", U32: "<I", I32: "<i", F32: "<f", BOOL: "<?", U64: "<Q"}
TYPES = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q4_0": (2, 32, 18), "Q8_0": (8, 32, 34), "Q6_K": (14, 256, 210), "BF16": (30, 1, 2)}


def string(text):
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(kind, data):
    return string(data) if kind == STRING else struct.pack(FORMS[kind], data)


def pair(key, kind, data):
    return string(key) + struct.pack("<I", kind) + value(kind, data)


def array(key, kind, data):
    return string(key) + struct.pack("<IIQ", ARRAY, kind, len(data)) + b"".join(value(kind, one) for one in data)


def file(pairs, tensors, version=3):
    """`tensors`: (name, shape with columns first, type)."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs)) + b"".join(pairs)
    data = b""
    for name, shape, kind in tensors:
        number, weights, size = TYPES[kind]
        head += string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, number, len(data))
        count = size
        for extent in shape:
            count *= extent
        data += bytes(count // weights)
        data += bytes(-len(data) % 32)
    return head + bytes(-len(head) % 32) + data


def model(name, *more, tokenizer="gpt2"):
    tokens = ["<unk>", "<s>", "</s>", "a", "b", "ab", "<0x0A>", "[PAD7]"]
    pairs = [pair("general.architecture", STRING, name), pair(f"{name}.block_count", U32, 1), pair(f"{name}.context_length", U32, 64),
             pair(f"{name}.embedding_length", U32, 32), pair(f"{name}.feed_forward_length", U32, 32),
             pair(f"{name}.attention.head_count", U32, 2), pair(f"{name}.rope.freq_base", F32, 1e6),
             pair(f"{name}.attention.layer_norm_rms_epsilon", F32, 1e-5),
             pair("tokenizer.ggml.model", STRING, tokenizer), array("tokenizer.ggml.tokens", STRING, tokens),
             array("tokenizer.ggml.token_type", I32, [2, 3, 3, 1, 1, 1, 6, 5]), pair("tokenizer.ggml.bos_token_id", U32, 1),
             pair("tokenizer.ggml.eos_token_id", U32, 2), pair("tokenizer.ggml.add_bos_token", BOOL, True)]
    if tokenizer == "gpt2":
        pairs += [pair("tokenizer.ggml.pre", STRING, "llama-bpe"), array("tokenizer.ggml.merges", STRING, ["a b"])]
    else:
        pairs += [array("tokenizer.ggml.scores", F32, [0, 0, 0, -1, -2, -3, 0, 0])]
    return pairs + list(more)


EMBEDDING = ("token_embd.weight", (32, 8), "Q8_0")
NORM = ("output_norm.weight", (32,), "F32")
ROTATED = ("blk.0.attn_q.weight", (32, 32), "Q4_0")


def seeds():
    llama = file(model("llama"), [EMBEDDING, NORM, ROTATED])
    yield "llama", llama
    yield "cut", llama[:-40]
    yield "version_2", file(model("qwen3"), [EMBEDDING, NORM], version=2)
    yield "sentence_piece", file(model("gemma3", tokenizer="llama"), [EMBEDDING, NORM])
    yield "linear_rope", file(model("qwen2", pair("qwen2.rope.scaling.type", STRING, "linear"), pair("qwen2.rope.scaling.factor", F32, 2)),
                              [EMBEDDING])
    yield "llama3_rope", file(model("llama"), [EMBEDDING, ("rope_freqs.weight", (8,), "F32")])
    yield "experts", file(model("qwen3moe", pair("qwen3moe.expert_count", U32, 2), pair("qwen3moe.expert_used_count", U32, 1),
                                pair("qwen3moe.expert_feed_forward_length", U32, 32)),
                          [EMBEDDING, ("blk.0.ffn_up_exps.weight", (32, 32, 2), "Q4_0")])
    yield "nested", file(model("llama", string("n") + struct.pack("<IIQIQ", ARRAY, ARRAY, 1, U8, 2) + b"ab"), [EMBEDDING])
    yield "alignment", file(model("phi3", pair("general.alignment", U32, 64), pair("k", U64, 1 << 60)), [EMBEDDING])
    yield "claims", b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1 << 60)
    yield "long_string", b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 60)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for name, content in seeds():
        (OUT / name).write_bytes(content)
