#include "text/parsed_output.h"
#include "text/tool_call_id.h"

namespace sanctum::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const OutputOptions kMistral{
    .format = OutputFormat::kMistral, .tool_calls = true, .reasoning = true, .id_seed = "seed"};

TEST(MistralCall, AList) {
  const ParsedOutput output =
      parse(kMistral, R"([TOOL_CALLS] [{"name": "a", "arguments": {"x": 1}}, )"
                      R"({"name": "b", "arguments": {}, "id": "123456789"}])");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", R"({"x": 1})"), Pair("b", "{}")));
  EXPECT_EQ(output.content, "");
}

TEST(MistralCall, NamesWithAndWithoutIds) {
  const ParsedOutput output =
      parse(kMistral, R"(ok [TOOL_CALLS]a[ARGS]{"x": 1}[TOOL_CALLS]b[CALL_ID]123456789[ARGS]{})"
                      "\n[TOOL_CALLS]c{\"y\": \"[TOOL_CALLS]\"} then]");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", R"({"x": 1})"), Pair("b", "{}"),
                                        Pair("c", R"({"y": "[TOOL_CALLS]"})")));
  ASSERT_EQ(output.ids.size(), 3u);
  EXPECT_EQ(output.ids[1], tool_call_id(CallIds::kShort, "seed", 1));
  EXPECT_EQ(output.content, "okthen]");
}

TEST(MistralCall, WhatIsNone) {
  for (const std::string text :
       {"[TOOL_CALLS] hello there", R"([TOOL_CALLS]a b[ARGS]{})", "[TOOL_CALLS][{\"name\"",
        "[TOOL_CALLS][ARGS]{}", "[TOOL_CALLS][]", "[TOOL_C"}) {
    const ParsedOutput output = parse(kMistral, text, Ending::kByModel);
    EXPECT_EQ(output.content, text);
    EXPECT_THAT(output.calls, IsEmpty());
  }
}

TEST(MistralCall, AListThatGoesWrongKeepsWhatWasHandedOut) {
  const ParsedOutput output =
      parse(kMistral, R"([TOOL_CALLS][{"name": "a", "arguments": {"x": 1}}, 3])");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", R"({"x": 1})")));
  EXPECT_EQ(output.content, ", 3]");
}

TEST(MistralCall, AMarkerEndsBrokenArguments) {
  const ParsedOutput output =
      parse(kMistral, R"([TOOL_CALLS]a[ARGS]{"x": [1[TOOL_CALLS]b[ARGS]{"y")");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", R"({"x": [1)"), Pair("b", R"({"y")")));
  EXPECT_TRUE(output.cut);
}

TEST(MistralCall, Reasoning) {
  const ParsedOutput output =
      parse(kMistral, "[THINK]Let me see.[/THINK]Well. [THINK]Or[/THINK]\nno[TOOL_CALLS]a[ARGS]{}");
  EXPECT_EQ(output.reasoning, "Let me see.Or");
  EXPECT_EQ(output.content, "Well.no");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}")));
}

}  // namespace
}  // namespace sanctum::text
