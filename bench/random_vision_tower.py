"""The vision tower of Qwen3-VL-2B and 4B in its real shape, with random weights.

It is stored in bfloat16 beside a quantized language model, as mlx-vlm converts it.
"""

import json

import mlx.core as mx
import numpy as np

SHAPE = dict(
    model_type="qwen3_vl", depth=24, hidden_size=1024, intermediate_size=4096, num_heads=16, in_channels=3,
    patch_size=16, spatial_merge_size=2, temporal_patch_size=2, num_position_embeddings=2304,
    deepstack_visual_indexes=[5, 11, 17], hidden_act="gelu_pytorch_tanh")
# Ids of the built-in model's tokenizer, which the random models share.
TOKENS = dict(image_token_id=1018, video_token_id=1019, vision_start_token_id=1016, vision_end_token_id=1017,
              eos_token_id=[1015, 1013], pad_token_id=1013)
PIXELS_MIN, PIXELS_MAX = 65536, 16777216  # as Qwen3-VL's


def config(text):
    return {"architectures": ["Qwen3VLForConditionalGeneration"], "model_type": "qwen3_vl", "dtype": "bfloat16",
            **TOKENS, "tie_word_embeddings": text["tie_word_embeddings"], "vocab_size": text["vocab_size"],
            "text_config": text, "vision_config": SHAPE | {"out_hidden_size": text["hidden_size"]}}


def linears(out_hidden):
    """(path, out, in) of every matrix with a bias."""
    width, inner = SHAPE["hidden_size"], SHAPE["intermediate_size"]
    merged = width * SHAPE["spatial_merge_size"] ** 2
    for i in range(SHAPE["depth"]):
        yield f"blocks.{i}.attn.qkv", 3 * width, width
        yield f"blocks.{i}.attn.proj", width, width
        yield f"blocks.{i}.mlp.linear_fc1", inner, width
        yield f"blocks.{i}.mlp.linear_fc2", width, inner
    for path in ["merger", *(f"deepstack_merger_list.{i}" for i in range(len(SHAPE["deepstack_visual_indexes"])))]:
        yield f"{path}.linear_fc1", merged, merged
        yield f"{path}.linear_fc2", out_hidden, merged


def norms():
    """(path, width) of every norm."""
    width = SHAPE["hidden_size"]
    for i in range(SHAPE["depth"]):
        yield f"blocks.{i}.norm1", width
        yield f"blocks.{i}.norm2", width
    yield "merger.norm", width
    for i in range(len(SHAPE["deepstack_visual_indexes"])):
        yield f"deepstack_merger_list.{i}.norm", width * SHAPE["spatial_merge_size"] ** 2


def weights(out_hidden):
    seeds = iter(range(1 << 20))

    def noise(*shape, inner):
        values = np.random.default_rng(next(seeds)).standard_normal(shape, dtype=np.float32)
        return mx.array(values * inner**-0.5).astype(mx.bfloat16)

    width, patch, frames = SHAPE["hidden_size"], SHAPE["patch_size"], SHAPE["temporal_patch_size"]
    out = {"patch_embed.proj.weight": noise(width, frames, patch, patch, 3, inner=3 * frames * patch * patch),
           "patch_embed.proj.bias": mx.zeros((width,), dtype=mx.bfloat16),
           "pos_embed.weight": noise(SHAPE["num_position_embeddings"], width, inner=width)}
    for path, rows, columns in linears(out_hidden):
        out[f"{path}.weight"] = noise(rows, columns, inner=columns)
        out[f"{path}.bias"] = mx.zeros((rows,), dtype=mx.bfloat16)
    for path, size in norms():
        out[f"{path}.weight"] = mx.ones((size,), dtype=mx.bfloat16)
        out[f"{path}.bias"] = mx.zeros((size,), dtype=mx.bfloat16)
    return {f"vision_tower.{path}": tensor for path, tensor in out.items()}


def tensors(out_hidden):
    """As safetensors_file.write takes them."""
    for name, tensor in weights(out_hidden).items():
        yield name, "BF16", tensor.shape, lambda tensor=tensor: np.array(tensor.view(mx.uint16))


def write_preprocessor(out):
    half = [0.5, 0.5, 0.5]
    out.joinpath("preprocessor_config.json").write_text(json.dumps(dict(
        image_processor_type="Qwen2VLImageProcessorFast", processor_class="Qwen3VLProcessor",
        patch_size=SHAPE["patch_size"], temporal_patch_size=SHAPE["temporal_patch_size"],
        merge_size=SHAPE["spatial_merge_size"], size=dict(shortest_edge=PIXELS_MIN, longest_edge=PIXELS_MAX),
        do_resize=True, do_rescale=True, rescale_factor=1 / 255, do_normalize=True, do_convert_rgb=True, resample=3,
        image_mean=half, image_std=half), indent=1))
