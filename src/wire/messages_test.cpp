#include "wire/messages.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"

namespace sanctum::wire {
namespace {

template <class T>
auto reread(const T& value) {
  return std::make_unique<json::Document>(encode(value));
}

std::string field_of(const std::string& params) {
  try {
    decode_generate(json::Document(params).root());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid) << params;
    return error.field();
  }
  return "accepted";
}

TEST(GenerateMessage, ChatWithPicturesRoundTrips) {
  GenerateRequest r;
  r.request = "r1";
  r.model = "smoke";
  r.messages_json =
      R"([{"role":"user","content":[{"type":"image"},{"type":"text","text":"and"},{"type":"image"}],"x":1},)"
      R"({"role":"assistant","content":"ok"}])";
  r.images = {std::string("\x89PNG\0\xff", 6), "second"};
  r.tools_json = R"([{"type":"function"}])";
  r.template_options_json = R"({"enable_thinking":false})";
  r.parse_tool_calls = true;
  r.sampling.temperature = 0.7;
  r.sampling.top_k = 40;
  r.sampling.logit_bias = {{5, -100}, {70000, 1.5}};
  r.sampling.seed = 18446744073709551615u;
  r.sampling.stop = {"\n\n", "</s>"};
  r.sampling.stop_token_ids = {1, 2};
  r.sampling.ignore_eos = true;
  r.sampling.max_tokens = 17;
  r.sampling.top_logprobs = 0;
  r.ready_timeout_ms = 1500;
  const auto document = reread(r);
  const GenerateRequest back = decode_generate(document->root());
  EXPECT_EQ(back.messages_json, r.messages_json);
  EXPECT_EQ(back.images, r.images);
  EXPECT_EQ(encode(back), encode(r));
  EXPECT_EQ(back.sampling.seed, r.sampling.seed);
  EXPECT_EQ(back.sampling.logit_bias, r.sampling.logit_bias);
  EXPECT_EQ(back.sampling.top_logprobs, 0);
  EXPECT_EQ(back.ready_timeout_ms, 1500);
  EXPECT_FALSE(back.prompt.has_value());
}

TEST(GenerateMessage, RawPromptsRoundTrip) {
  GenerateRequest r;
  r.request = "r";
  r.model = "m";
  r.prompt = "";
  EXPECT_EQ(decode_generate(reread(r)->root()).prompt, "");
  r.prompt.reset();
  r.prompt_ids = {3, 1, 2};
  const auto back = decode_generate(reread(r)->root());
  EXPECT_EQ(back.prompt_ids, r.prompt_ids);
  EXPECT_TRUE(back.resume_ids.empty());
  EXPECT_FALSE(back.reserved || back.again);
  r.again = true;
  EXPECT_TRUE(decode_generate(reread(r)->root()).again);
  r.reserved = true;
  EXPECT_TRUE(decode_generate(reread(r)->root()).reserved);
  r.files = "8a5f";
  EXPECT_EQ(decode_generate(reread(r)->root()).files, "8a5f");
  EXPECT_EQ(back.sampling.top_logprobs, -1);
  EXPECT_EQ(back.sampling.temperature, std::nullopt) << "left to the model";
}

TEST(GenerateMessage, WhatWasSaidBeforeRoundTripsAndNeedsItsSeed) {
  GenerateRequest r;
  r.request = "r";
  r.model = "m";
  r.prompt = "x";
  r.resume_ids = {7, 0, 9};
  EXPECT_THROW(decode_generate(reread(r)->root()), Error);
  r.sampling.seed = 3;
  EXPECT_EQ(decode_generate(reread(r)->root()).resume_ids, r.resume_ids);
}

TEST(GenerateMessage, RefusalsNameTheField) {
  const std::string head = R"({"request":"r","model":"m",)";
  EXPECT_EQ(field_of(head + R"("prompt":"x"})"), "accepted");
  EXPECT_EQ(field_of(R"({"model":"m","prompt":"x"})"), "request");
  EXPECT_EQ(field_of(R"({"request":"","model":"m","prompt":"x"})"), "request");
  EXPECT_EQ(field_of(head + R"("prompt":"x","prompt_ids":[1]})"), "messages");
  EXPECT_EQ(field_of(head + R"("sampling":{}})"), "messages");
  EXPECT_EQ(field_of(head + R"("prompt_ids":[-1]})"), "prompt_ids[0]");
  EXPECT_EQ(field_of(head + R"("messages":[]})"), "messages");
  EXPECT_EQ(field_of(head + R"("messages":["x"]})"), "messages[0]");
  EXPECT_EQ(field_of(head + R"("messages":[{"content":[{"type":"image"}]}]})"),
            "messages[0].content[0].data");
  EXPECT_EQ(field_of(head + R"("messages":[{"content":[{"type":"image","data":"?"}]}]})"),
            "messages[0].content[0].data");
  EXPECT_EQ(field_of(head + R"("prompt":"x","tools":{}})"), "tools");
  EXPECT_EQ(field_of(head + R"("prompt":"x","template_options":[]})"), "template_options");
  EXPECT_EQ(field_of(head + R"("prompt":"x","sampling":{"top_p":2}})"), "sampling.top_p");
  EXPECT_EQ(field_of(head + R"("prompt":"x","sampling":{"best":2}})"), "sampling.best");
  EXPECT_EQ(field_of(head + R"("prompt":"x","sampling":{"top_logprobs":21}})"),
            "sampling.top_logprobs");
  EXPECT_EQ(field_of(head + R"("prompt":"x","resume_ids":[1]})"), "resume_ids");
  EXPECT_EQ(field_of(head + R"("prompt":"x","resume_ids":[-1],"sampling":{"seed":1}})"),
            "resume_ids[0]");
  EXPECT_EQ(field_of(head + R"("prompt":"x","surprise":1})"), "surprise");
}

TEST(GenerateMessage, EncodingWithoutEveryPictureIsRefused) {
  GenerateRequest r;
  r.request = "r";
  r.model = "m";
  r.messages_json = R"([{"role":"user","content":[{"type":"image"}]}])";
  EXPECT_THROW(encode(r), Error);
}

TEST(LoadMessage, OneNameIsEnoughFromAShell) {
  const LoadRequest named = decode_load(json::Document(R"({"model_id":"/models/x"})").root());
  EXPECT_EQ(named.model, "/models/x");
  EXPECT_EQ(named.path, "/models/x");
  const LoadRequest both = decode_load(reread(LoadRequest{"smoke", "/m"})->root());
  EXPECT_EQ(both.model, "smoke");
  EXPECT_EQ(both.path, "/m");
  EXPECT_THROW(decode_load(json::Document(R"({"path":"/m"})").root()), Error);
}

TEST(TokensMessage, RowsRoundTrip) {
  TokensFrame frame;
  frame.step = 9;
  RowDelta row;
  row.request = "a";
  row.ids = {4, 5};
  row.content = "h\xc3\xa9";
  row.reasoning = "why";
  row.tool_calls = {{0, "call_1", "weather", ""}, {0, "", "", "{\"city\":"}};
  row.logprobs = {{{4, "\xc3", -0.25}, {{4, "\xc3", -0.25}, {6, "x", -INFINITY}}}};
  frame.rows = {row, RowDelta{"b", {}, "", "", {}, {}}};
  const TokensFrame back = decode_tokens(reread(frame)->root());
  ASSERT_EQ(back.rows.size(), 2u);
  EXPECT_EQ(encode(back), encode(frame));
  EXPECT_EQ(back.rows[0].content, row.content);
  EXPECT_EQ(back.rows[0].tool_calls[1].arguments, "{\"city\":");
  EXPECT_EQ(back.rows[0].logprobs[0].chosen.bytes, "\xc3");
  EXPECT_EQ(back.rows[0].logprobs[0].top[1].logprob, -9999.0);
  EXPECT_EQ(back.step, 9u);
}

TEST(CompletedMessage, RoundTrips) {
  Completed c{"a",
              FinishReason::kError,
              "</s>",
              {10, 3, 2, 4},
              {1, 2, 3, 4},
              Failure{ErrorCode::kTooLong, "long", "messages"},
              {"a", {}, "held back", "", {}, {}}};
  const Completed back = decode_completed(reread(c)->root());
  EXPECT_EQ(encode(back), encode(c));
  EXPECT_EQ(back.usage.image_tokens, 4);
  EXPECT_EQ(back.timings.decode_us, 4);
  ASSERT_TRUE(back.failure.has_value());
  EXPECT_EQ(back.failure->code, ErrorCode::kTooLong);
  EXPECT_EQ(back.failure->field, "messages");
  EXPECT_EQ(back.last.content, "held back");
}

TEST(ModelMessages, RoundTrip) {
  ModelInfo m{"smoke",
              "/m",
              ModelStage::kFailed,
              "qwen3_vl",
              true,
              4096,
              1024,
              "8-bit group 64",
              "mlx",
              true,
              5000000,
              12,
              34,
              Failure{ErrorCode::kCorrupt, "weights", ""},
              "rows of 8 bits"};
  EXPECT_EQ(decode_model_info(reread(m)->root()).numbers, "rows of 8 bits");
  EXPECT_EQ(encode(decode_model_info(reread(m)->root())), encode(m));
  m.tools = true;
  m.sampling.temperature = 0.6;
  m.sampling.top_k = 20;
  const ModelInfo back = decode_model_info(reread(m)->root());
  EXPECT_TRUE(back.tools);
  EXPECT_EQ(back.sampling.temperature, 0.6);
  EXPECT_EQ(back.sampling.top_k, 20);
  EXPECT_EQ(back.sampling.top_p, std::nullopt);
  EXPECT_EQ(encode(m).find("loaded_bytes"), std::string::npos) << "it does not load";
  m.state = ModelStage::kLoading;
  m.own_context_tokens = 8192;
  EXPECT_EQ(decode_model_info(reread(m)->root()).own_context_tokens, 8192);
  m.loaded_bytes = 5;
  m.load_bytes = 7;
  EXPECT_EQ(decode_model_info(reread(m)->root()).loaded_bytes, 5u);
  EXPECT_EQ(decode_model_info(reread(m)->root()).load_bytes, 7u);
  const std::vector<ModelInfo> models{m, m};
  EXPECT_EQ(encode(decode_models(reread(models)->root())), encode(models));
  EngineStats s{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, "cpu", "0.1.0"};
  s.threads = 3;
  EXPECT_EQ(encode(decode_stats(reread(s)->root())), encode(s));
  LoadProgress p{"smoke", "weights", 3, 4};
  EXPECT_EQ(encode(decode_load_progress(reread(p)->root())), encode(p));
  Accepted a{"r", 5, 2, 18446744073709551615u, "f", 7, {"propertyNames"}};
  EXPECT_EQ(encode(decode_accepted(reread(a)->root())), encode(a));
  TokenizeRequest t{"m", "text", true};
  EXPECT_EQ(encode(decode_tokenize(reread(t)->root())), encode(t));
}

}  // namespace
}  // namespace sanctum::wire
