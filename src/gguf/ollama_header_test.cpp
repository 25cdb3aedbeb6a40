#include "gguf/ollama_header.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gguf/test_file.h"

namespace sanctum::gguf {
namespace {

constexpr std::uint64_t kWidth = 32;

std::vector<std::string> names(const Header& header) {
  std::vector<std::string> out;
  out.reserve(header.tensors.size());
  for (const Tensor& tensor : header.tensors) out.push_back(tensor.name);
  return out;
}

FileMaker& with_norm(FileMaker& file, const std::string& name) {
  return file.tensor(name, {kWidth}, Type::kF32, std::string(kWidth * 4, '\0'));
}

TEST(OllamaHeader, ItsGptOssIsLlamaCpps) {
  FileMaker file;
  file.text("general.architecture", "gptoss").u32("gptoss.block_count", 1);
  file.text("tokenizer.ggml.pre", "default");
  for (const char* name : {"blk.0.attn_out.weight", "blk.0.attn_out.bias", "blk.0.attn_sinks",
                           "blk.0.ffn_norm.weight", "blk.0.attn_norm.weight"})
    with_norm(file, name);
  file.tensor("blk.0.ffn_gate_exps.weight", {kWidth, 64, 2}, Type::kQ8_0,
              std::string(2 * 64 * 34, '\0'));
  Header header = read_header(MemorySource(file.bytes()));
  EXPECT_EQ(in_llama_cpps_words(header), 0u);
  const Metadata& metadata = header.metadata;
  EXPECT_EQ(metadata.string("general.architecture"), "gpt-oss");
  EXPECT_EQ(metadata.integer("gpt-oss.block_count", 0, 9), 1);
  EXPECT_EQ(metadata.integer("gpt-oss.expert_feed_forward_length", 0, 99), 64);
  EXPECT_EQ(metadata.string("gpt-oss.rope.scaling.type"), "yarn");
  EXPECT_EQ(metadata.string("tokenizer.ggml.pre"), "gpt-4o");
  EXPECT_EQ(names(header),
            (std::vector<std::string>{"blk.0.attn_output.weight", "blk.0.attn_output.bias",
                                      "blk.0.attn_sinks.weight", "blk.0.post_attention_norm.weight",
                                      "blk.0.attn_norm.weight", "blk.0.ffn_gate_exps.weight"}));
}

FileMaker gemma3(std::uint32_t context) {
  FileMaker file;
  file.text("general.architecture", "gemma3").u32("gemma3.context_length", context);
  file.texts("tokenizer.ggml.tokens", {"a", "b", "<image_soft_token>"});
  file.i32s("tokenizer.ggml.token_type", {1, 1, 3});
  file.tensor("token_embd.weight", {kWidth, 2}, Type::kQ8_0, std::string(2 * 34, '\0'));
  return file;
}

TEST(OllamaHeader, ItsGemma3IsTheTextHalfOfLlamaCpps) {
  FileMaker file = gemma3(131'072);
  file.f32("gemma3.rope.global.freq_base", 2e6f).f32("gemma3.rope.local.freq_base", 2e4f);
  with_norm(with_norm(file, "v.blk.0.ln1.weight"), "mm.mm_soft_emb_norm.weight");
  Header header = read_header(MemorySource(file.bytes()));
  EXPECT_EQ(in_llama_cpps_words(header), 2u);
  const Metadata& metadata = header.metadata;
  EXPECT_EQ(names(header), std::vector<std::string>{"token_embd.weight"});
  EXPECT_EQ(metadata.number("gemma3.rope.freq_base"), 2e6);
  EXPECT_EQ(metadata.number("gemma3.rope.freq_base_swa"), 2e4);
  EXPECT_EQ(metadata.number("gemma3.attention.layer_norm_rms_epsilon"), 1e-6);
  EXPECT_EQ(metadata.string("gemma3.rope.scaling.type"), "linear");
  EXPECT_EQ(metadata.number("gemma3.rope.scaling.factor"), 8);
  EXPECT_EQ(metadata.strings("tokenizer.ggml.tokens").size(), 2u);
  EXPECT_EQ(metadata.integers("tokenizer.ggml.token_type").size(), 2u);
  EXPECT_FALSE(metadata.flag_or("tokenizer.ggml.add_space_prefix", true));
}

TEST(OllamaHeader, OnlyItsLargerGemma3IsStretched) {
  Header small = read_header(MemorySource(gemma3(32'768).bytes()));
  in_llama_cpps_words(small);
  EXPECT_FALSE(small.metadata.has("gemma3.rope.scaling.type"));
  FileMaker other = gemma3(131'072);
  other.f32("gemma3.attention.layer_norm_rms_epsilon", 1e-5f);
  Header llama_cpps = read_header(MemorySource(other.bytes()));
  in_llama_cpps_words(llama_cpps);
  EXPECT_FALSE(llama_cpps.metadata.has("gemma3.rope.scaling.type"));
  EXPECT_FALSE(llama_cpps.metadata.has("tokenizer.ggml.add_space_prefix"));
  EXPECT_EQ(llama_cpps.metadata.strings("tokenizer.ggml.tokens").size(), 3u);
}

// Its files of models that see nothing have the epsilon. A space stood before each of their texts,
// and their rotation was that of a shorter context.
TEST(OllamaHeader, ItsGemma3IsKnownByAnyKeyThatItAloneWrites) {
  for (const char* mark : {"gemma3.rope.local.freq_base", "gemma3.rope.global.freq_base"}) {
    FileMaker file = gemma3(131'072);
    file.f32("gemma3.attention.layer_norm_rms_epsilon", 1e-5f).f32(mark, 2e4f);
    Header header = read_header(MemorySource(file.bytes()));
    in_llama_cpps_words(header);
    const Metadata& metadata = header.metadata;
    EXPECT_FALSE(metadata.flag_or("tokenizer.ggml.add_space_prefix", true)) << mark;
    EXPECT_EQ(metadata.number_or("gemma3.rope.scaling.factor", 0), 8) << mark;
    EXPECT_FLOAT_EQ(static_cast<float>(metadata.number("gemma3.attention.layer_norm_rms_epsilon")),
                    1e-5f)
        << mark;
  }
}

TEST(OllamaHeader, AnEmptyNameOfHowTextIsCutIsNone) {
  FileMaker file;
  file.text("general.architecture", "gptoss").text("tokenizer.ggml.pre", "");
  Header header = read_header(MemorySource(file.bytes()));
  in_llama_cpps_words(header);
  EXPECT_EQ(header.metadata.string("tokenizer.ggml.pre"), "gpt-4o");
}

TEST(OllamaHeader, ALlama3OfOldCutsItsTextAsOthersDo) {
  std::vector<std::string> tokens(128'009, "x");
  for (const char* last : {"<|eot_id|>", "y"}) {
    tokens.resize(128'009);
    tokens.emplace_back(last);
    FileMaker file;
    file.text("general.architecture", "llama").texts("tokenizer.ggml.tokens", tokens);
    Header header = read_header(MemorySource(file.bytes()));
    in_llama_cpps_words(header);
    EXPECT_EQ(header.metadata.string_or("tokenizer.ggml.pre", ""),
              last == std::string("y") ? "" : "llama-bpe");
  }
}

}  // namespace
}  // namespace sanctum::gguf
