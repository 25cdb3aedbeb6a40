#include "text/tool_call.h"

#include <gtest/gtest.h>

#include <set>

namespace sanctum::text {
namespace {

constexpr auto kHermes = OutputFormat::kHermes;
constexpr auto kMistral = OutputFormat::kMistral;

TEST(ToolCall, ArgumentsAreTheModelsOwnText) {
  const auto calls = read_tool_calls(
      kHermes, R"({"name": "f", "arguments": {"x": 1.10, "n": 12345678901234567890123}})", true);
  ASSERT_TRUE(calls);
  EXPECT_EQ(calls->at(0).name, "f");
  EXPECT_EQ(calls->at(0).arguments, R"({"x": 1.10, "n": 12345678901234567890123})");
}

TEST(ToolCall, OtherSpellingsOfTheSame) {
  const std::string_view bodies[] = {
      R"({"arguments":{"a":1},"name":"f"})", R"({"name":"f","parameters":{"a":1}})",
      R"({"type":"function","function":{"name":"f","arguments":{"a":1}}})",
      R"({"name":"f","arguments":"{\"a\":1}"})", R"({"\u006eame":"f","arguments":{"a":1}})"};
  for (const std::string_view body : bodies) {
    const auto calls = read_tool_calls(kHermes, body, true);
    ASSERT_TRUE(calls) << body;
    EXPECT_EQ(calls->at(0).name, "f") << body;
    EXPECT_EQ(calls->at(0).arguments, R"({"a":1})") << body;
  }
}

TEST(ToolCall, WhatIsNoCall) {
  for (const std::string_view body :
       {R"({"arguments":{}})", R"({"name":1,"arguments":{}})", R"({"name":"","arguments":{}})",
        R"({"name":"f","arguments":[1]})", R"({"name":"f","arguments":"not json"})",
        R"({"name":"f","arguments":3})", R"({"name":"f","name":"g","arguments":{}})", "[]",
        R"([{"name":"f","arguments":{}},3])"}) {
    EXPECT_FALSE(read_tool_calls(kHermes, body, true)) << body;
  }
}

TEST(ToolCall, WithoutAMarkerParametersAreRequired) {
  EXPECT_TRUE(read_tool_calls(kHermes, R"({"name":"Bob"})", true));
  EXPECT_FALSE(read_tool_calls(OutputFormat::kLlama3, R"({"name":"Bob"})", false));
}

TEST(ToolCall, MistralNames) {
  for (const std::string_view body :
       {R"(f[ARGS]{"a":1})", R"(f{"a":1})", R"(f[CALL_ID]abc123XYZ[ARGS]{"a":1})"}) {
    const auto calls = read_tool_calls(kMistral, body, true);
    ASSERT_TRUE(calls) << body;
    EXPECT_EQ(calls->at(0).name, "f") << body;
    EXPECT_EQ(calls->at(0).arguments, R"({"a":1})") << body;
  }
  EXPECT_FALSE(read_tool_calls(kMistral, R"([ARGS]{"a":1})", true));
}

TEST(ToolCall, IdsRepeatAndDiffer) {
  EXPECT_EQ(tool_call_id(kHermes, "request-1", 0), tool_call_id(kHermes, "request-1", 0));
  EXPECT_EQ(tool_call_id(kHermes, "request-1", 0).size(), 29u);
  EXPECT_TRUE(tool_call_id(kHermes, "request-1", 0).starts_with("call_"));
  EXPECT_EQ(tool_call_id(kMistral, "request-1", 0).size(), 9u);
  std::set<std::string> seen;
  for (int request = 0; request < 100; ++request) {
    for (int index = 0; index < 10; ++index) {
      seen.insert(tool_call_id(kHermes, "request-" + std::to_string(request), index));
    }
  }
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace sanctum::text
