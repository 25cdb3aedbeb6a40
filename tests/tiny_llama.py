"""A tiny random model as transformers stores it: 16-bit numbers, the built-in model's tokenizer."""

import json
import shutil

import numpy as np
from safetensors.numpy import save_file

from programs import SMOKE_MODEL
from tiny_gguf import CONTEXT, HEADS, INNER, KV_HEADS, LAYERS, WIDTH, vocabulary


def hugging_face(directory):
    directory.mkdir(parents=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(SMOKE_MODEL / name, directory)
    tokens, head = len(vocabulary()[0]), WIDTH // HEADS
    config = {"model_type": "llama", "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS,
              "intermediate_size": INNER, "vocab_size": tokens, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": CONTEXT,
              "tie_word_embeddings": True, "torch_dtype": "float16"}
    (directory / "config.json").write_text(json.dumps(config))
    shapes = {"model.embed_tokens": (tokens, WIDTH), "model.norm": (WIDTH,)}
    for layer in range(LAYERS):
        for name, shape in {"self_attn.q_proj": (HEADS * head, WIDTH), "self_attn.k_proj": (KV_HEADS * head, WIDTH), "self_attn.v_proj": (KV_HEADS * head, WIDTH),
                            "self_attn.o_proj": (WIDTH, HEADS * head), "mlp.gate_proj": (INNER, WIDTH), "mlp.up_proj": (INNER, WIDTH),
                            "mlp.down_proj": (WIDTH, INNER), "input_layernorm": (WIDTH,), "post_attention_layernorm": (WIDTH,)}.items():
            shapes[f"model.layers.{layer}.{name}"] = shape
    draw = np.random.default_rng(2)
    save_file({name + ".weight": (draw.normal(0, 0.1, shape) if len(shape) > 1 else np.ones(shape)).astype(np.float16) for name, shape in shapes.items()},
              directory / "model.safetensors", {"format": "pt"})
    return directory
