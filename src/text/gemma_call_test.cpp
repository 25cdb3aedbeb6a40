#include "text/parsed_output.h"

namespace sanctum::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const OutputOptions kGemma{
    .format = OutputFormat::kGemma4,
    .tool_calls = true,
    .reasoning = true,
    .tools = OfferedTools(R"([{"function":{"name":"f"}},{"function":{"name":"g.h"}}])")};

std::string arguments(const std::string& written) {
  const ParsedOutput output = parse(kGemma, "<|tool_call>call:f{" + written + "}<tool_call|>");
  EXPECT_EQ(output.content, "");
  EXPECT_FALSE(output.cut);
  return output.calls.size() == 1 ? output.calls[0].second : "no call";
}

TEST(GemmaCall, AllKindsOfValues) {
  EXPECT_EQ(arguments(""), "{}");
  EXPECT_EQ(arguments("a:<|\"|>say \"hi\"\\,}\n<b|<|\"|>"), R"({"a":"say \"hi\"\\,}\n<b|"})");
  EXPECT_EQ(arguments("n:3,m:-1.50e2,k:12345678901234567890123"),
            R"({"n":3,"m":-1.50e2,"k":12345678901234567890123})");
  EXPECT_EQ(arguments("t:true,f:false,z:null,p:None"), R"({"t":true,"f":false,"z":null,"p":null})");
  EXPECT_EQ(arguments("l:[1,<|\"|>x<|\"|>,[],{}],o:{a:{b:<|\"|><|\"|>}}"),
            R"({"l":[1,"x",[],{}],"o":{"a":{"b":""}}})");
}

TEST(GemmaCall, WhatIsAlmostRight) {
  EXPECT_EQ(arguments("<|\"|>a b<|\"|>: 1, c : <|\"|>x<|\"|> , \"d\":\"y\\\"<z\" "),
            R"({"a b":1,"c":"x","d":"y\"<z"})");
  EXPECT_EQ(arguments("a:word of mine,b:[x,]"), R"({"a":"word of mine","b":["x"]})");
  EXPECT_EQ(arguments("a:,b"), R"({"a":"b"})") << "a comma too many";
  EXPECT_EQ(arguments("a:"), R"({"a":null})");
  EXPECT_EQ(arguments("a:[1}"), R"({"a":[1]})") << "the marker closes the rest";
}

TEST(GemmaCall, SeveralBetweenTexts) {
  const ParsedOutput output =
      parse(kGemma,
            "<|channel>thought\nI should.<channel|>Look: <|tool_call>call:f{x:1}<tool_call|>"
            "<|tool_call>call:g.h{}<tool_call|>\n<tool_call|>done");
  EXPECT_EQ(output.reasoning, "I should.");
  EXPECT_EQ(output.content, "Look:done");
  EXPECT_THAT(output.calls, ElementsAre(Pair("f", R"({"x":1})"), Pair("g.h", "{}")));
}

TEST(GemmaCall, ReasoningAnywhereAndEmpty) {
  const ParsedOutput output =
      parse(kGemma, "<|channel>thought\n<channel|>Yes. <|channel>thought\nReally?<channel|> No.");
  EXPECT_EQ(output.reasoning, "Really?");
  EXPECT_EQ(output.content, "Yes.No.");
}

TEST(GemmaCall, WhatIsNone) {
  for (const std::string text :
       {"<|tool_call>call:f", "<|tool_call>f{}", "<|tool_call>call:{}<tool_call|>",
        "<|tool_call>call:f<tool_call|>", "<|tool_call>call:f f{}"}) {
    const ParsedOutput output = parse(kGemma, text, Ending::kByModel);
    EXPECT_EQ(output.content, text);
    EXPECT_THAT(output.calls, IsEmpty());
  }
}

TEST(GemmaCall, CutWhereverItMayBe) {
  const std::string text = "<|tool_call>call:f{a:<|\"|>b<|\"|>,n:[12,true]}";
  const std::string whole = parse(kGemma, text).calls.at(0).second;
  EXPECT_EQ(whole, R"({"a":"b","n":[12,true]})");
  for (std::size_t size = text.find('{') + 1; size < text.size(); ++size) {
    const ParsedOutput output = parse(kGemma, text.substr(0, size));
    ASSERT_EQ(output.calls.size(), 1u);
    EXPECT_TRUE(whole.starts_with(output.calls[0].second)) << output.calls[0].second;
    EXPECT_TRUE(output.cut);
  }
}

}  // namespace
}  // namespace sanctum::text
