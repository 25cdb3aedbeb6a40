#include "engine/text_model.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_directory.h"
#include "engine/test_model.h"

namespace sanctum::engine {
namespace {

wire::GenerateRequest prompt_of(const std::string& text) {
  wire::GenerateRequest request;
  request.prompt = text;
  request.sampling.seed = 1;
  return request;
}

// The Error that preparing ends in; code kBusy where it does not.
Error refusal(const TextModel& model, const wire::GenerateRequest& request) {
  try {
    model.prepare(request);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::kBusy, "nothing was thrown");
}

TEST(TextModel, AnIdBeyondTheEmbeddingIsRefusedByName) {
  const TextModel model(text_description(text::fixture("byte_level"), 321));
  wire::GenerateRequest ids = prompt_of("");
  ids.prompt.reset();
  ids.prompt_ids = {7, 320};
  EXPECT_EQ(refusal(model, ids).code(), ErrorCode::kBusy);
  ids.prompt_ids = {7, 400};
  EXPECT_EQ(refusal(model, ids).code(), ErrorCode::kInvalid);
  EXPECT_EQ(refusal(model, ids).field(), "prompt_ids");
  // 321 is <|end|>, which was added.
  const Error error = refusal(model, prompt_of("<|end|>"));
  EXPECT_EQ(error.code(), ErrorCode::kInvalid);
  EXPECT_EQ(error.field(), "prompt");
  EXPECT_NE(std::string(error.what()).find("more tokens than the model has rows"),
            std::string::npos);
}

// Its texts would have been refused one by one.
TEST(TextModel, ATokenizerWhoseOwnVocabularyHasMoreTokensThanRowsIsRefused) {
  EXPECT_NO_THROW(TextModel(text_description(text::fixture("byte_level"), 320)));
  try {
    const TextModel model(text_description(text::fixture("byte_level"), 319));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    EXPECT_NE(std::string(error.what()).find("tokenizer.json has ids up to 319"),
              std::string::npos);
  }
}

// The template, which knew nothing of pictures, broke at them first, and said so in its own words.
TEST(TextModel, APictureForAModelThatReadsTextIsRefusedByName) {
  const TextModel model(text_description(text::fixture("byte_level")));
  wire::GenerateRequest request;
  request.messages_json = R"([{"role":"user","content":[{"type":"image"}]}])";
  request.images = {"no picture"};
  request.image_paths = {"messages[0].content[0]"};
  const Error error = refusal(model, request);
  EXPECT_EQ(error.field(), "messages[0].content[0]");
  EXPECT_NE(std::string(error.what()).find("sees no pictures"), std::string::npos);
}

// Likewise: what came was a prompt without a word of the tools.
TEST(TextModel, ToolsForATemplateThatKnowsOfNoneAreRefusedByName) {
  const TextModel model(text_description(text::fixture("byte_level")));
  EXPECT_FALSE(model.tools());
  wire::GenerateRequest request;
  request.messages_json = R"([{"role":"user","content":"hi"}])";
  request.tools_json = R"([{"type":"function","function":{"name":"f"}}])";
  const Error error = refusal(model, request);
  EXPECT_EQ(error.field(), "tools");
  EXPECT_NE(std::string(error.what()).find("knows of none"), std::string::npos);
}

// 8,155 tokens of word salad were drawn at temperature 1.
TEST(TextModel, WhatARequestLeavesOutIsItsMakersChoice) {
  const TestDirectory directory;
  directory.copy(text::fixture("byte_level"));
  directory.write("generation_config.json",
                  R"({"temperature":0.6,"top_k":20,"top_p":0.9,"repetition_penalty":1.1,
                      "eos_token_id":7,"do_sample":true})");
  const TextModel model(text_description(directory.path()));
  EXPECT_EQ(model.sampling().temperature, 0.6);
  wire::GenerateRequest request = prompt_of("the quick");
  request.sampling.seed = 1;
  SamplerParams params = model.prepare(request)->sampling;
  EXPECT_EQ(params.temperature, 0.6);
  EXPECT_EQ(params.top_k, 20);
  EXPECT_EQ(params.top_p, 0.9);
  EXPECT_EQ(params.repetition_penalty, 1.1);
  EXPECT_EQ(params.min_p, 0) << "nobody said";
  request.sampling.temperature = 0.0;
  request.sampling.top_k = 0;
  params = model.prepare(request)->sampling;
  EXPECT_EQ(params.temperature, 0) << "what the request says counts";
  EXPECT_EQ(params.top_k, 0);
  EXPECT_EQ(params.top_p, 0.9);
}

TEST(TextModel, AMakersNonsenseIsLeftOut) {
  const TestDirectory directory;
  directory.copy(text::fixture("byte_level"));
  directory.write("generation_config.json", R"({"temperature":"hot","top_p":0.9})");
  EXPECT_EQ(TextModel(text_description(directory.path())).sampling().temperature, std::nullopt);
}

TEST(TextModel, AnIdThatOnlyTheModelHasIsAccepted) {
  const TextModel model(text_description(text::fixture("byte_level"), 1000));
  wire::GenerateRequest request = prompt_of("");
  request.prompt.reset();
  request.prompt_ids = {999};
  request.sampling.logit_bias[999] = 1;
  request.sampling.stop_token_ids = {999};
  EXPECT_EQ(refusal(model, request).code(), ErrorCode::kBusy);
  request.sampling.logit_bias[1000] = 1;
  EXPECT_EQ(refusal(model, request).field(), "sampling.logit_bias");
  request.sampling.logit_bias.clear();
  request.sampling.stop_token_ids = {1000};
  EXPECT_EQ(refusal(model, request).field(), "sampling.stop_token_ids");
}

// Seen by its message: the bytes are counted, not the tokens.
TEST(TextModel, AHopelessTextIsRefusedWithoutTokenizingIt) {
  for (const char* name : {"byte_level", "metaspace"}) {
    const TextModel model(text_description(text::fixture(name)));
    for (const std::string unit : {"a ", "▁", "é"}) {
      std::string text;
      while (text.size() < 100'000) text += unit;
      const Error error = refusal(model, prompt_of(text));
      EXPECT_EQ(error.code(), ErrorCode::kTooLong) << name;
      EXPECT_NE(std::string(error.what()).find(" bytes"), std::string::npos) << error.what();
    }
  }
}

// Any run of unknown characters may be one token there.
TEST(TextModel, WithoutByteTokensALongTextIsTokenized) {
  const TextModel model(text_description(text::fixture("unigram")));
  const Error error = refusal(model, prompt_of(std::string(100'000, 'a')));
  EXPECT_EQ(std::string(error.what()).find(" bytes"), std::string::npos) << error.what();
}

}  // namespace
}  // namespace sanctum::engine
