#include "gguf/pre_tokenizers.h"

#include "base/json.h"

namespace sanctum::gguf {
namespace {

constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen35 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kSeedCoder =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kGpt4o =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kDeepseekV3 =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kDeepseekLetters =
    R"(\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+)";

const std::vector<PreTokenizer>& table() {
  static const std::vector<PreTokenizer> rows{
      {.names = {"llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "midm-2.0"},
       .splits = {kLlama3},
       .ignore_merges = true,
       .begins_with_bos = true},
      {.names = {"dbrx", "smaug-bpe"}, .splits = {kLlama3}},
      {.names = {"qwen2", "deepseek-r1-qwen", "megrez", "kormo"}, .splits = {kQwen2}, .nfc = true},
      {.names = {"qwen35"}, .splits = {kQwen35}},
      {.names = {"gpt-4o", "llama4"}, .splits = {kGpt4o}},
      {.names = {"tekken"}, .splits = {kTekken}, .ignore_merges = true, .begins_with_bos = true},
      {.names = {"seed-coder"}, .splits = {kSeedCoder}},
      {.names = {"smollm", "starcoder", "refact", "command-r", "minerva-7b"},
       .digits = true,
       .gpt2_words = true},
      {.names = {"gpt-2", "phi-2", "mpt", "olmo", "a.x-4.0", "mellum", "trillion"},
       .gpt2_words = true},
      {.names = {"deepseek-coder"},
       .splits = {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[一-龥ࠀ-一가-퟿]+"},
       .digits = true},
      {.names = {"deepseek-llm"},
       .splits = {R"([\r\n])", kDeepseekLetters, R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)", R"(\s+$)",
                  "[一-龥ࠀ-一가-퟿]+"},
       .digits = true},
      {.names = {"deepseek-v3"},
       .splits = {R"(\p{N}{1,3})", "[一-龥぀-ゟ゠-ヿ]+", kDeepseekV3}},
  };
  return rows;
}

}  // namespace

const PreTokenizer& pre_tokenizer(const Metadata& metadata) {
  constexpr const char* kKey = "tokenizer.ggml.pre";
  if (!metadata.has(kKey))
    metadata.fail(kKey,
                  "is missing, so nobody knows how this model cuts its text: the file is from "
                  "before May 2024; get one that was made later");
  const std::string& name = metadata.string(kKey);
  std::string known;
  for (const PreTokenizer& row : table()) {
    for (const std::string_view one : row.names) {
      if (one == name) return row;
      known += (known.empty() ? "" : ", ") + std::string(one);
    }
  }
  metadata.fail(kKey, "is " + json::quote(name) + ", which is not known; these are: " + known);
}

std::string pre_tokenizer_json(const PreTokenizer& pre) {
  json::Writer w;
  w.begin_object().field("type", "Sequence").key("pretokenizers").begin_array();
  for (const std::string_view split : pre.splits) {
    w.begin_object().field("type", "Split").key("pattern").begin_object();
    w.field("Regex", split).end_object();
    w.field("behavior", "Isolated").field("invert", false).end_object();
  }
  if (pre.digits)
    w.begin_object().field("type", "Digits").field("individual_digits", true).end_object();
  w.begin_object().field("type", "ByteLevel").field("add_prefix_space", false);
  w.field("trim_offsets", true).field("use_regex", pre.gpt2_words).end_object();
  return w.end_array().end_object().take();
}

}  // namespace sanctum::gguf
