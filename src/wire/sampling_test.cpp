#include "wire/sampling.h"

#include <gtest/gtest.h>

namespace sanctum::wire {
namespace {

Sampling read(const std::string& text) {
  return read_sampling(json::Document(text).root());
}

TEST(Sampling, DefaultsAndNullsAreOff) {
  const Sampling s = read(R"({"temperature":null,"stop":null,"seed":null,"max_tokens":null})");
  EXPECT_EQ(s.temperature, std::nullopt) << "left to the model";
  EXPECT_FALSE(s.seed.has_value());
  EXPECT_TRUE(s.stop.empty());
  EXPECT_EQ(s.max_tokens, 0);
}

TEST(Sampling, ReadsEveryField) {
  const Sampling s = read(
      R"({"temperature":0,"top_k":-1,"top_p":0.5,"min_p":0.1,"repetition_penalty":1.2,"presence_penalty":-2,
          "frequency_penalty":2,"logit_bias":{"42":-100},"seed":-1,"stop":"x","stop_token_ids":[7],"max_tokens":5})");
  EXPECT_EQ(s.temperature, 0);
  EXPECT_EQ(s.top_k, 0);
  EXPECT_EQ(s.logit_bias.at(42), -100);
  EXPECT_EQ(s.seed, 18446744073709551615u);
  EXPECT_EQ(s.stop, std::vector<std::string>{"x"});
  EXPECT_EQ(s.stop_token_ids, std::vector<int>{7});
  EXPECT_EQ(s.max_tokens, 5);
  EXPECT_EQ(read(R"({"stop":["a","b"]})").stop.size(), 2u);
}

TEST(Sampling, RefusesWhatIsOutOfRangeAndNamesIt) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"temperature":2.1})", "temperature"},
      {R"({"temperature":-0.1})", "temperature"},
      {R"({"temperature":true})", "temperature"},
      {R"({"temperature":"1"})", "temperature"},
      {R"({"top_p":1.5})", "top_p"},
      {R"({"min_p":-1})", "min_p"},
      {R"({"top_k":-2})", "top_k"},
      {R"({"top_k":1.5})", "top_k"},
      {R"({"repetition_penalty":0})", "repetition_penalty"},
      {R"({"presence_penalty":3})", "presence_penalty"},
      {R"({"frequency_penalty":-3})", "frequency_penalty"},
      {R"({"logit_bias":{"x":1}})", "logit_bias"},
      {R"({"logit_bias":{"-1":1}})", "logit_bias"},
      {R"({"logit_bias":{"1":101}})", "logit_bias.1"},
      {R"({"logit_bias":[1]})", "logit_bias"},
      {R"({"seed":1.5})", "seed"},
      {R"({"seed":"1"})", "seed"},
      {R"({"stop":""})", "stop"},
      {R"({"stop":7})", "stop"},
      {R"({"stop":["a",""]})", "stop[1]"},
      {R"({"stop_token_ids":[-1]})", "stop_token_ids[0]"},
      {R"({"max_tokens":0})", "max_tokens"},
      {R"({"max_tokens":-5})", "max_tokens"},
      {R"({"max_tokens":2147483648})", "max_tokens"},
      {R"({"max_tokens":1.9})", "max_tokens"},
      {R"({"ignore_eos":1})", "ignore_eos"},
  };
  for (const auto& [text, field] : cases) {
    try {
      read(text);
      ADD_FAILURE() << text << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalid) << text;
      EXPECT_EQ(error.field(), field) << text;
    }
  }
  EXPECT_THROW(read("{\"stop\":\"" + std::string(kStopBytesMax + 1, 'x') + "\"}"), Error);
}

}  // namespace
}  // namespace sanctum::wire
