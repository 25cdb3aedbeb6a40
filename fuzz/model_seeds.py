"""Writes fuzz/seeds/config, safetensors and tokenizer: small files of models from which the fuzzers start.

    python3 fuzz/model_seeds.py
"""

import json
import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "src" / "text" / "testdata"
PART_END = b"\x1e"  # model_directory.h

TEXT = dict(hidden_size=64, num_hidden_layers=2, intermediate_size=96, num_attention_heads=4, num_key_value_heads=2, head_dim=32,
            rms_norm_eps=1e-5, vocab_size=199, max_position_embeddings=512, rope_theta=10000.0, hidden_act="silu")
YARN = dict(type="yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=4.0, beta_slow=1.0, mscale=1.0, mscale_all_dim=0.5)
EXPERTS = dict(num_experts_per_tok=2)
PREPROCESSOR = dict(patch_size=16, temporal_patch_size=2, merge_size=2, min_pixels=4096, max_pixels=25600, image_mean=[0.5, 0.5, 0.5],
                    image_std=[0.5, 0.5, 0.5])
VISION = dict(depth=2, hidden_size=64, intermediate_size=64, out_hidden_size=64, num_heads=4, patch_size=16, spatial_merge_size=2,
              temporal_patch_size=2, in_channels=3, num_position_embeddings=36, deepstack_visual_indexes=[0], hidden_act="gelu_pytorch_tanh")


def text(model_type, **members):
    return dict(model_type=model_type, **(TEXT | members))


CONFIGS = {
    "llama": text("llama", tie_word_embeddings=True, attention_bias=True, mlp_bias=True),
    "llama3_rope": text("llama", rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                                   original_max_position_embeddings=64)),
    "linear_quantized": text("llama", rope_scaling=dict(type="linear", factor=2.0), quantization=dict(
        group_size=64, bits=4, **{"model.layers.0.mlp.up_proj": dict(group_size=32, bits=8), "lm_head": False})),
    "proportional": text("llama", rope_parameters=dict(rope_type="proportional", partial_rotary_factor=0.5, rope_theta=1e6)),
    "quantized_by_others": text("mistral", sliding_window=512, quantization_config=dict(quant_method="fp8")),
    "ministral3": text("ministral3", rope_parameters=YARN | dict(rope_theta=1e6, llama_4_scaling_beta=0.3)),
    "mistral3": dict(model_type="mistral3", vocab_size=199, text_config=text("ministral3", rope_parameters=YARN)),
    "mixtral": text("mixtral", num_local_experts=4, **EXPERTS),
    "phi3_long": text("phi3", head_dim=16, partial_rotary_factor=0.75, original_max_position_embeddings=32, rope_scaling=dict(
        type="longrope", short_factor=[1.0, 1.1, 1.2, 1.3, 1.5, 1.7], long_factor=[1.0, 1.5, 2.0, 4.0, 7.0, 9.0])),
    "qwen2_dynamic": text("qwen2", rope_scaling=dict(type="dynamic", factor=2.0), use_sliding_window=False, sliding_window=64, max_window_layers=2),
    "qwen3": text("qwen3", layer_types=["full_attention", "full_attention"]),
    "qwen3_moe": text("qwen3_moe", num_experts=8, moe_intermediate_size=32, decoder_sparse_step=2, mlp_only_layers=[1], norm_topk_prob=True, **EXPERTS),
    "smollm3": text("smollm3", no_rope_layers=[0, 1], no_rope_layer_interval=4),
    "qwen3_vl": dict(model_type="qwen3_vl", image_token_id=190, video_token_id=191, text_config=text(
        "qwen3_vl_text", rope_scaling=dict(rope_type="default", mrope_section=[6, 5, 5], mrope_interleaved=True)), vision_config=VISION),
    "unknown": text("qwen3_next"),
}


def config_seeds():
    for name, config in CONFIGS.items():
        yield name, json.dumps(config).encode() + PART_END + (json.dumps(PREPROCESSOR).encode() if "vision_config" in config else b"")


def entry(dtype, shape, begin, end):
    return dict(dtype=dtype, shape=shape, data_offsets=[begin, end])


def safetensors(header, data=b""):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def safetensors_seeds():
    two = {"__metadata__": {"format": "mlx"}, "b": entry("F16", [2], 8, 12), "a": entry("F32", [1, 2], 0, 8)}
    yield "two", safetensors(two, bytes(12))
    yield "cut", safetensors(two, bytes(11))
    yield "nothing", safetensors({})
    yield "every_dtype", safetensors({d: entry(d, [0], 0, 0) for d in
                                      ("F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL", "F64", "F8_E4M3")})
    yield "scalar", safetensors({"s": entry("BF16", [], 0, 2)}, bytes(2))
    yield "overlap", safetensors({"a": entry("U8", [4], 0, 4), "b": entry("U8", [4], 2, 6)}, bytes(8))
    yield "product", safetensors({"a": entry("F32", [2147483647] * 4, 0, 4)}, bytes(4))
    yield "offsets", safetensors(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,18446744073709551615]}}', bytes(1))
    yield "claims", struct.pack("<Q", 1 << 60) + b"{}"


def byte_level(**members):
    """A byte-level tokenizer of a few tokens, with a step of each kind that models have."""
    alphabet = [chr(c) for c in [*range(0x21, 0x7f), *range(0xa1, 0xad), *range(0xae, 0x180)]][:200]
    vocab = {token: at for at, token in enumerate([*alphabet, "Ġt", "he", "Ġthe"])}
    return dict(version="1.0", truncation=None, padding=None, added_tokens=[
        dict(id=900, content="<s>", special=True, single_word=False, lstrip=False, rstrip=False, normalized=False),
        dict(id=901, content="<tool_call>", special=False, single_word=False, lstrip=True, rstrip=True, normalized=True)],
        normalizer=dict(type="NFC"),
        pre_tokenizer=dict(type="Sequence", pretokenizers=[
            dict(type="Split", pattern=dict(Regex=r"\p{N}{1,3}| ?\p{L}+|\s+(?!\S)|\s+"), behavior="Isolated", invert=False),
            dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=False)]),
        post_processor=dict(type="TemplateProcessing", single=[dict(SpecialToken=dict(id="<s>", type_id=0)), dict(Sequence=dict(id="A", type_id=0))],
                            pair=[], special_tokens={"<s>": dict(id="<s>", ids=[900], tokens=["<s>"])}),
        decoder=dict(type="ByteLevel", add_prefix_space=True, trim_offsets=True, use_regex=True),
        model=dict(type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None, end_of_word_suffix=None, fuse_unk=False,
                   byte_fallback=False, ignore_merges=True, vocab=vocab, merges=[["Ġ", "t"], ["h", "e"], ["Ġt", "he"]])) | members


def sentence_piece():
    vocab = {token: at for at, token in enumerate(["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), "▁", "t", "h", "e", "he", "▁t"])}
    return byte_level(
        normalizer=dict(type="Sequence", normalizers=[dict(type="Prepend", prepend="▁"), dict(type="Replace", pattern=dict(String=" "), content="▁")]),
        pre_tokenizer=None,
        decoder=dict(type="Sequence", decoders=[dict(type="Replace", pattern=dict(String="▁"), content=" "), dict(type="ByteFallback"),
                                                dict(type="Fuse"), dict(type="Strip", content=" ", start=1, stop=0)]),
        model=dict(type="BPE", unk_token="<unk>", fuse_unk=True, byte_fallback=True, vocab=vocab, merges=["h e", "▁ t"]))


def tokenizer_seeds():
    def parts(tokenizer, config=None, generation=None, model=None, template=None):
        files = (tokenizer, config, generation, model, template)
        return PART_END.join(b"" if file is None else json.dumps(file).encode() for file in files)

    declared = dict(bos_token="<s>", eos_token=dict(content="</s>"), extra_special_tokens=dict(image_token="<i>"), added_tokens_decoder={
        "901": dict(content="<tool_call>", special=False), "902": dict(content="</s>", special=True, lstrip=True, normalized=True)})
    yield "byte_level", parts(byte_level(), declared | dict(chat_template="{% for m in messages %}<tool_call>{{ m.content }}{% endfor %}"),
                              dict(eos_token_id=[902, 1], temperature=0.7, top_p=0.9, top_k=20, min_p=0.05, repetition_penalty=1.1))
    yield "sentence_piece", parts(sentence_piece(), dict(chat_template=[dict(name="default", template="{{ tools }}"), dict(name="tool_use", template="b")]),
                                  dict(eos_token_id=2), dict(text_config=dict(eos_token_id=3)))
    yield "unigram", parts(byte_level(pre_tokenizer=dict(type="Metaspace", replacement="▁", prepend_scheme="first", split=True),
                                      decoder=dict(type="Metaspace", replacement="▁", prepend_scheme="always", split=True), post_processor=None,
                                      model=dict(type="Unigram", unk_id=0, byte_fallback=False, vocab=[["<unk>", 0.0], ["▁the", -2.5], ["t", -3.0]])),
                           template=dict(chat_template="<|channel|> {{ messages }}"))
    yield "word_piece", parts(byte_level(normalizer=dict(type="BertNormalizer", clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True),
                                         pre_tokenizer=dict(type="BertPreTokenizer"), decoder=dict(type="WordPiece", prefix="##", cleanup=True),
                                         post_processor=None, model=dict(type="WordPiece", unk_token="[UNK]", continuing_subword_prefix="##",
                                                                         max_input_chars_per_word=100, vocab={"[UNK]": 0, "the": 1, "##s": 2})))
    yield "largest_id", parts(byte_level(added_tokens=[dict(id=4294967295, content="x", special=True, single_word=False, lstrip=False, rstrip=False,
                                                            normalized=False)]))
    yield "no_tokenizer", parts(None, declared, dict(eos_token_id=-1, temperature="hot"), dict(eos_token_id=[]), dict(chat_template=3))


if __name__ == "__main__":
    for folder, seeds in (("config", config_seeds), ("safetensors", safetensors_seeds), ("tokenizer", tokenizer_seeds)):
        out = HERE / "seeds" / folder
        out.mkdir(parents=True, exist_ok=True)
        for name, content in seeds():
            (out / name).write_bytes(content)
