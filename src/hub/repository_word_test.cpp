#include "hub/repository_word.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::hub {
namespace {

using testing::HasSubstr;

const std::string kHub = "http://localhost:1/base";

std::string refusal(const std::string& text) {
  try {
    read_repository_word(text, kHub);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(RepositoryWord, IsANameOrTheAddressOfItsPage) {
  for (const char* text :
       {"org/x", "https://huggingface.co/org/x", "hf.co/org/x/", "huggingface.co/org/x?library=mlx",
        "https://huggingface.co/org/x/tree/main", "http://localhost:1/base/org/x"})
    EXPECT_EQ(read_repository_word(text, kHub).model, "org/x") << text;
  const auto word =
      read_repository_word("https://huggingface.co/org/x/blob/v1/d/m.gguf?download=true", kHub);
  EXPECT_EQ(word.revision + " " + word.file, "v1 d/m.gguf");
}

TEST(RepositoryWord, WhatOtherProgramsCallAModelIsToldForWhatItIs) {
  EXPECT_THAT(refusal("org/x-GGUF:Q8_0"),
              HasSubstr("`sanctum models pull org/x-GGUF --include '*Q8_0*.gguf'`"));
  EXPECT_THAT(refusal("hf.co/org/x-GGUF:Q8_0"), HasSubstr("--include '*Q8_0*.gguf'"));
  EXPECT_THAT(refusal("llama3.2:1b"), HasSubstr("`sanctum serve ollama:llama3.2:1b`"));
  EXPECT_THAT(refusal("ollama:tiny"), HasSubstr("`sanctum serve ollama:tiny`"));
  EXPECT_THAT(refusal("https://other.example/org/x"), HasSubstr("--hub"));
  EXPECT_THAT(refusal("https://huggingface.co/org"), HasSubstr("names no model"));
  EXPECT_THAT(refusal("hf.co/datasets/org/x"), HasSubstr("the address of no model"));
  for (const char* path : {"absent", "./.", "./x", "x/.git"})
    EXPECT_THAT(refusal(path), HasSubstr("is no org/name")) << path;
}

}  // namespace
}  // namespace sanctum::hub
