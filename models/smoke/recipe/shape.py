"""The model's shape, and the configuration files that tell it to a loader."""

import json
import sys
from pathlib import Path

TEXT = dict(model_type="qwen3_vl_text", hidden_size=256, num_hidden_layers=6, intermediate_size=704, num_attention_heads=4, num_key_value_heads=2, head_dim=64,
            rms_norm_eps=1e-6, vocab_size=1024, rope_theta=10000.0, max_position_embeddings=4096, tie_word_embeddings=True, attention_bias=False, hidden_act="silu",
            rope_scaling={"rope_type": "default", "type": "default", "mrope_interleaved": True, "mrope_section": [12, 10, 10]})
VISION = dict(model_type="qwen3_vl", depth=4, hidden_size=128, intermediate_size=512, num_heads=4, in_channels=3, patch_size=16, spatial_merge_size=2,
              temporal_patch_size=2, out_hidden_size=256, num_position_embeddings=144, deepstack_visual_indexes=[1, 2], hidden_act="gelu_pytorch_tanh")
MIN_PIXELS, MAX_PIXELS = 16384, 36864
QUANTIZATION = {"group_size": 64, "bits": 8, "mode": "affine"}


def configuration(token):
    return {"architectures": ["Qwen3VLForConditionalGeneration"], "model_type": "qwen3_vl", "dtype": "bfloat16",
            "image_token_id": token("<|image_pad|>"), "video_token_id": token("<|video_pad|>"),
            "vision_start_token_id": token("<|vision_start|>"), "vision_end_token_id": token("<|vision_end|>"),
            "eos_token_id": [token("<|im_end|>"), token("<|endoftext|>")], "pad_token_id": token("<|endoftext|>"),
            "tie_word_embeddings": True, "vocab_size": TEXT["vocab_size"], "text_config": TEXT, "vision_config": VISION,
            "quantization": QUANTIZATION, "quantization_config": QUANTIZATION}


def preprocessor():
    return {"image_processor_type": "Qwen2VLImageProcessorFast", "processor_class": "Qwen3VLProcessor", "patch_size": 16, "temporal_patch_size": 2, "merge_size": 2,
            "size": {"shortest_edge": MIN_PIXELS, "longest_edge": MAX_PIXELS}, "min_pixels": MIN_PIXELS, "max_pixels": MAX_PIXELS,
            "do_resize": True, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "do_convert_rgb": True, "resample": 3,
            "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}


def generation(token):
    return {"do_sample": False, "temperature": 0.0, "eos_token_id": [token("<|im_end|>"), token("<|endoftext|>")], "pad_token_id": token("<|endoftext|>"), "max_new_tokens": 512}


def main(folder):
    from tokenizers import Tokenizer
    token = Tokenizer.from_file(str(folder / "tokenizer.json")).token_to_id
    for name, content in (("config", configuration(token)), ("preprocessor_config", preprocessor()), ("generation_config", generation(token))):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
