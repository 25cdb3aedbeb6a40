#include "text/parsed_output.h"

namespace sanctum::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const OutputOptions kHermes{.format = OutputFormat::kHermes, .tool_calls = true};

ParsedOutput body(const std::string& json) {
  return parse(kHermes, "<tool_call>" + json + "</tool_call>");
}

TEST(JsonCall, ArgumentsAreTheModelsOwnText) {
  EXPECT_THAT(
      body(R"({"name": "f", "arguments": {"x": 1.10, "n": 12345678901234567890123, "é": "é"}})")
          .calls,
      ElementsAre(Pair("f", R"({"x": 1.10, "n": 12345678901234567890123, "é": "é"})")));
}

TEST(JsonCall, OtherSpellingsOfTheSame) {
  for (
      const std::string json :
      {R"({"arguments":{"a":1},"name":"f"})", R"({"name":"f","parameters":{"a":1}})",
       R"({"type":"function","function":{"name":"f","arguments":{"a":1}}})",
       R"({"type":"function","function":{"arguments":{"a":1},"name":"f"},"id":"x"})",
       R"({"name":"f","arguments":"{\"a\":1}"})", R"({"\u006eame":"f","arguments":{"a":1}})",
       R"({"id":[{"a":"}"}],"n":1 , "name":"f","arguments":{"a":1},"more":{"name":"g"}, "last":3})",
       R"({"name":"f","arguments":{"a":1})"}) {
    const ParsedOutput output = body(json);
    EXPECT_THAT(output.calls, ElementsAre(Pair("f", R"({"a":1})"))) << json;
    EXPECT_EQ(output.content, "") << json;
    EXPECT_FALSE(output.cut);
  }
  EXPECT_THAT(body(R"({"name":"f"})").calls, ElementsAre(Pair("f", "{}")));
  EXPECT_THAT(body(R"({"name":"f","arguments":null})").calls, ElementsAre(Pair("f", "{}")));
}

TEST(JsonCall, WhatIsNone) {
  for (const std::string json :
       {R"({"arguments":{}})", R"({"name":1,"arguments":{}})", R"({"name":"","arguments":{}})",
        R"({"name":"f","arguments":[1]})", R"({"name":"f","arguments":"not json"})",
        R"({"name":"f","arguments":3})", R"({"name":"f","arguments":none})",
        R"({"name":"f","name":"g","arguments":{}})",
        R"({"arguments":{},"parameters":{},"name":"f"})", "[]", "{}", "",
        R"([{"name":"f","arguments":{}},3])"}) {
    const ParsedOutput output = body(json);
    EXPECT_THAT(output.calls, IsEmpty()) << json;
    EXPECT_EQ(output.content, "<tool_call>" + json + "</tool_call>");
  }
}

}  // namespace
}  // namespace sanctum::text
