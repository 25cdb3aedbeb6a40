"""Makes the small tokenizers of the tests: python make_tokenizers.py (needs the `tokenizers` wheel).

byte_level  BPE over bytes, as Qwen's and Llama 3's, with a BOS token from the post-processor
tekken      BPE over bytes as Mistral's Tekken: control tokens have the first ids, and a piece that is a token is not merged
metaspace   BPE with byte fallback and a leading-space rule, as Llama 2's and Mistral's
unigram     pieces without byte fallback and the Metaspace decoder, as T5's
"""
import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
CORPUS = [
    "The quick brown fox jumps over the lazy dog, and then the dog sleeps.",
    "hello hello world, the world says hello; 1234 and 5678, it's what it's.",
    "Größe, naïve café; 你好世界 你好; привет мир; こんにちは",
    "    if x == 1:\n        return x\n",
] * 4
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def save(name, tokenizer, config, generation=None):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {"tokenizer_class": "PreTrainedTokenizerFast", **config}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")
    if generation:
        (folder / "generation_config.json").write_text(json.dumps(generation) + "\n")


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(["<|begin|>", "<|end|>", "<|eom|>"])
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False)])
    begin = tokenizer.token_to_id("<|begin|>")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A", special_tokens=[("<|begin|>", begin)])
    # A prompt must not be cut, whatever was saved.
    tokenizer.enable_truncation(4)
    template = (
        "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}"
    )
    end = tokenizer.token_to_id("<|end|>")
    save("byte_level", tokenizer,
         {"bos_token": "<|begin|>", "eos_token": {"__type": "AddedToken", "content": "<|end|>", "special": True}, "chat_template": template},
         {"eos_token_id": [tokenizer.token_to_id("<|eom|>"), end]})


TEKKEN_SPLIT = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"
    r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEKKEN_CONTROL = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[ARGS]", "[THINK]", "[/THINK]", "<SPECIAL_9>"]


def tekken():
    cut = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(TEKKEN_SPLIT), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    blank = Tokenizer(models.BPE())
    blank.pre_tokenizer = cut
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    blank.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet, show_progress=False))
    trained = json.loads(blank.to_str())["model"]
    tokens = TEKKEN_CONTROL + sorted(trained["vocab"], key=trained["vocab"].get)
    tokenizer = Tokenizer(models.BPE(
        vocab={token: at for at, token in enumerate(tokens)}, merges=[tuple(m) for m in trained["merges"]], ignore_merges=True))
    tokenizer.pre_tokenizer = cut
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(TEKKEN_CONTROL)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    save("tekken", tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"})


def metaspace():
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False)
    words = [w for line in CORPUS for w in ("\u2581" + line.replace(" ", " \u2581")).split(" ")]
    blank = Tokenizer(models.BPE(unk_token="<unk>"))
    blank.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    blank.train_from_iterator([" ".join(w for w in words if w.isascii() or w[1:].isascii())], trainer)
    trained = json.loads(blank.to_str())["model"]
    tokenizer.model = models.BPE(
        vocab=trained["vocab"], merges=[tuple(m) for m in trained["merges"]],
        byte_fallback=True, unk_token="<unk>", fuse_unk=True)
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    save("metaspace", tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"})


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=150, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    save("unigram", tokenizer, {"eos_token": "</s>", "unk_token": "<unk>"})


if __name__ == "__main__":
    byte_level()
    tekken()
    metaspace()
    unigram()
