#include "models/registry.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::models {
namespace {

TEST(Registry, AnUnknownArchitectureIsRefusedNamingTheFieldAndWhatIsSupported) {
  const TestDirectory directory;
  directory.write("config.json", R"({"model_type": "parrot"})");
  try {
    describe(directory.path());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    EXPECT_EQ(error.field(), "config.json.model_type");
    EXPECT_NE(std::string(error.what()).find("qwen3_vl"), std::string::npos);
  }
}

TEST(Registry, AContextOverTheLimitIsRefusedByName) {
  const TestDirectory directory;
  for (const char* context : {"0", "-1", "16777217", "4294967297"}) {
    directory.write("config.json",
                    R"({"model_type": "llama", "vocab_size": 5, "max_position_embeddings": )" +
                        std::string(context) + "}");
    try {
      describe(directory.path());
      ADD_FAILURE() << "accepted " << context;
    } catch (const Error& error) {
      EXPECT_EQ(error.field(), "config.json.max_position_embeddings");
    }
  }
}

TEST(Registry, TheVocabularyIsTheLanguageModels) {
  const TestDirectory directory;
  directory.write(
      "config.json",
      R"({"model_type": "qwen3_vl", "vocab_size": 9, "text_config": {"vocab_size": 7}})");
  EXPECT_EQ(describe(directory.path()).vocabulary, 7);
}

// Google's text_config has neither a context nor heads: 4096 tokens were served of 131072.
TEST(Registry, WhatAMakerLeavesOutIsWhatTransformersClassHas) {
  const TestDirectory directory;
  directory.write("config.json", R"({"model_type": "gemma3", "text_config": {"hidden_size": 2560,
      "intermediate_size": 10240, "num_hidden_layers": 34, "sliding_window": 1024,
      "rope_scaling": {"factor": 8.0, "rope_type": "linear"}}})");
  const Description gemma = describe(directory.path());
  EXPECT_EQ(gemma.context_tokens, 131072);
  EXPECT_EQ(gemma.vocabulary, 262208);
  directory.write("config.json", R"({"model_type": "qwen3", "vocab_size": 5})");
  EXPECT_EQ(describe(directory.path()).context_tokens, 32768);
}

TEST(Registry, AMissingConfigurationIsNotFound) {
  const TestDirectory directory;
  try {
    describe(directory.path());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  }
}

TEST(Registry, TheBuiltInModelLoadsAndEveryWeightIsRead) {
  const Description description = describe(source_directory() + "/models/smoke");
  EXPECT_EQ(description.architecture->model_type, "qwen3_vl");
  std::uint64_t last = 0;
  const auto model = load_model(description, nn::stock_backend(mx::float32),
                                [&](std::uint64_t done, std::uint64_t total) {
                                  EXPECT_GE(done, last);
                                  EXPECT_LE(done, total);
                                  last = done;
                                });
  EXPECT_GT(last, 0u);
  EXPECT_EQ(model->traits().quantization, "8-bit group 64");
  EXPECT_TRUE(load_processor(description)->vision());
}

}  // namespace
}  // namespace sanctum::models
