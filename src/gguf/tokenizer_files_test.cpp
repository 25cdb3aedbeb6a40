#include "gguf/tokenizer_files.h"

#include <gtest/gtest.h>

#include <map>

#include "base/json.h"
#include "gguf/reader.h"
#include "gguf/test_file.h"

namespace sanctum::gguf {
namespace {

constexpr std::int32_t kNormal = 1, kControl = 3;

class Tokens {
 public:
  explicit Tokens(const std::vector<std::string>& tokens, std::int32_t kind = kControl,
                  const std::vector<std::string>& merges = {}) {
    file_.text("general.architecture", "llama").text("tokenizer.ggml.model", "gpt2");
    file_.text("tokenizer.ggml.pre", "smollm").texts("tokenizer.ggml.merges", merges);
    file_.texts("tokenizer.ggml.tokens", tokens);
    file_.i32s("tokenizer.ggml.token_type", std::vector<std::int32_t>(tokens.size(), kind));
  }
  FileMaker& file() { return file_; }
  TokenizerFiles read() const {
    return tokenizer_files(read_header(MemorySource(file_.bytes())).metadata, Family::kLlama);
  }
  std::vector<int> ends() const { return read().roles.ends; }

 private:
  FileMaker file_;
};

TEST(TokenRoles, EndsAreTheMetadatasThenThoseByName) {
  Tokens tokens({"<|im_end|>", "a", "b", "<|end_of_text|>", "<eos>", "<|endoftext|>", "</s>"});
  tokens.file().u32("tokenizer.ggml.eos_token_id", 2).u32("tokenizer.ggml.eot_token_id", 5);
  tokens.file().i32s("tokenizer.ggml.eos_token_ids", {1, 2});
  EXPECT_EQ(tokens.ends(), (std::vector<int>{2, 1, 5, 0, 3, 4}));
}

TEST(TokenRoles, AnEndThatNoTokenHasIsNamed) {
  Tokens tokens({"a"});
  tokens.file().i32s("tokenizer.ggml.eos_token_ids", {1});
  try {
    tokens.ends();
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "tokenizer.ggml.eos_token_ids");
    EXPECT_NE(std::string(error.what()).find("has 1, which is no token's"), std::string::npos);
  }
}

TEST(TokenRoles, WhereAnotherMessageFollowsItsEndIsNone) {
  Tokens harmony({"<|return|>", "<|call|>", "<|end|>"});
  harmony.file().u32("tokenizer.ggml.eos_token_id", 0).u32("tokenizer.ggml.eot_token_id", 2);
  EXPECT_EQ(harmony.ends(), (std::vector<int>{0, 1}));
  EXPECT_EQ(Tokens({"<|endoftext|>", "<|end|>"}).ends(), (std::vector<int>{0, 1})) << "Phi 3's";
}

TEST(TokenRoles, WhatLooksLikeControlIsControlWhateverItIsCalled) {
  const Tokens tokens({"<end_of_turn>", "<start_of_turn>", "<div>"}, kNormal);
  const TokenizerFiles files = tokens.read();
  EXPECT_EQ(files.roles.ends, std::vector<int>{0});
  const json::Document document(files.tokenizer);
  std::vector<std::string> added;
  for (const json::Node& token : document.root().at("added_tokens").as_array(9)) {
    EXPECT_TRUE(token.at("special").as_bool());
    added.push_back(token.at("content").as_string());
  }
  EXPECT_EQ(added, (std::vector<std::string>{"<end_of_turn>", "<start_of_turn>"}));
}

// Such a file was imported, and refused by whoever read what was made of it.
TEST(TokenizerFiles, MergesOfAnotherTokenizerAreNamed) {
  EXPECT_NO_THROW(Tokens({"a", "b", "ab"}, kNormal, {"a b"}).read());
  for (const auto& [tokens, missing] : std::map<std::vector<std::string>, std::string>{
           {{"a", "b"}, R"("ab")"}, {{"b", "ab"}, R"("a")"}, {{"a", "ab"}, R"("b")"}}) {
    try {
      Tokens(tokens, kNormal, {"a b"}).read();
      ADD_FAILURE() << "taken without " << missing;
    } catch (const Error& error) {
      EXPECT_EQ(error.field(), "tokenizer.ggml.merges");
      EXPECT_NE(std::string(error.what())
                    .find("has \"a b\", but tokenizer.ggml.tokens has no " + missing),
                std::string::npos)
          << error.what();
    }
  }
}

}  // namespace
}  // namespace sanctum::gguf
