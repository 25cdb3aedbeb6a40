"""A GGUF file of a tiny random model that can be served: the built-in model's tokenizer, a template of its own."""

import json

import gguf
import numpy as np

from programs import SMOKE_MODEL

LAYERS, WIDTH, HEADS, KV_HEADS, INNER, CONTEXT = 2, 64, 2, 1, 128, 512
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
CONTROL, NORMAL = 3, 1


def vocabulary():
    """(tokens, kinds, merges)"""
    tokenizer = json.loads((SMOKE_MODEL / "tokenizer.json").read_text())
    tokens = {number: text for text, number in tokenizer["model"]["vocab"].items()}
    kinds = dict.fromkeys(tokens, NORMAL)
    for added in tokenizer["added_tokens"]:
        tokens[added["id"]], kinds[added["id"]] = added["content"], CONTROL
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
    return [tokens[i] for i in sorted(tokens)], [kinds[i] for i in sorted(tokens)], merges


def write(path, architecture="llama", seed=1, parts=1, template=TEMPLATE, more=(), merges_more=()):
    """Q8_0 matrices, F32 norms; `more`: names of tensors beside the language model's; `merges_more`: beside the tokenizer's own."""
    tokens, kinds, merges = vocabulary()
    merges += merges_more
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("Tiny")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    if parts > 1:
        writer.add_uint16("split.count", parts)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    if template:
        writer.add_chat_template(template)
    draw = np.random.default_rng(seed)
    head = WIDTH // HEADS
    shapes = {"token_embd": (len(tokens), WIDTH), "output_norm": (WIDTH,)}
    for layer in range(LAYERS):
        for name, shape in {"attn_norm": (WIDTH,), "ffn_norm": (WIDTH,), "attn_q": (HEADS * head, WIDTH), "attn_k": (KV_HEADS * head, WIDTH), "attn_v": (KV_HEADS * head, WIDTH),
                            "attn_output": (WIDTH, HEADS * head), "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}.items():
            shapes[f"blk.{layer}.{name}"] = shape
    shapes |= dict.fromkeys(more, (WIDTH,))
    for name, shape in shapes.items():
        if len(shape) == 1:
            writer.add_tensor(name + ".weight", np.ones(shape, np.float32))
        else:
            blocks = gguf.quants.quantize(draw.normal(0, 0.1, shape).astype(np.float32), gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name + ".weight", blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_huge(path, columns=4096, rows=1 << 29):
    """One that claims, and has, 2.3 TB of weights; they are a hole."""
    last = f"blk.{LAYERS - 1}.ffn_down.weight".encode()
    raw = bytearray(write(path).read_bytes())
    at = raw.index(last) + len(last) + 4
    raw[at:at + 16] = np.array([columns, rows], "<u8").tobytes()
    begin = gguf.GGUFReader(path).tensors[-1].data_offset
    path.write_bytes(raw)
    with open(path, "r+b") as file:
        file.truncate(begin + columns * rows // 32 * 34)
    return path
