#include "text/harmony_reader.h"

#include "text/control_marks.h"
#include "text/parsed_output.h"

namespace sanctum::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const OutputOptions kHarmony{
    .format = OutputFormat::kHarmony,
    .tool_calls = true,
    .reasoning = true,
    .tools = OfferedTools(R"([{"function":{"name":"f"}},{"function":{"name":"g"}}])")};

TEST(Harmony, AnalysisThenFinal) {
  const ParsedOutput output =
      parse(kHarmony,
            "<|channel|>analysis<|message|>Is a < b? Yes. <|end|>"
            "<|start|>assistant<|channel|>final<|message|>It is. <|return|>");
  EXPECT_EQ(output.reasoning, "Is a < b? Yes. ");
  EXPECT_EQ(output.content, "It is. ");
}

TEST(Harmony, APreambleAndCalls) {
  const ParsedOutput output = parse(
      kHarmony,
      "<|channel|>analysis<|message|>One<|end|><|start|>assistant<|channel|>analysis<|message|>two"
      "<|end|><|start|>assistant<|channel|>commentary<|message|>Looking.<|end|>"
      "<|start|>assistant<|channel|>commentary to=functions.f <|constrain|>json<|message|>"
      "{\"x\": 12345678901234567890123}<|call|>"
      "<|start|>assistant to=functions.g<|channel|>commentary json<|message|>{}<|call|>"
      "<|start|>assistant<|channel|>final<|message|>Done.<|return|>");
  EXPECT_EQ(output.reasoning, "One\ntwo");
  EXPECT_EQ(output.content, "Looking.\nDone.");
  EXPECT_THAT(output.calls,
              ElementsAre(Pair("f", R"({"x": 12345678901234567890123})"), Pair("g", "{}")));
  EXPECT_FALSE(output.cut);
}

TEST(Harmony, ARecipientInTheFirstHeaderAndInAnyChannel) {
  EXPECT_THAT(parse(kHarmony, " to=functions.f<|channel|>commentary json<|message|>{}").calls,
              ElementsAre(Pair("f", "{}")));
  EXPECT_THAT(parse(kHarmony, "<|channel|>analysis to=functions.f code<|message|>{}<|call|>").calls,
              ElementsAre(Pair("f", "{}")));
  EXPECT_THAT(parse(kHarmony, "<|channel|>commentary to=g<|message|><|call|>").calls,
              ElementsAre(Pair("g", "{}")));
}

TEST(Harmony, WhatWasSaidToOthersIsNoCall) {
  const ParsedOutput output =
      parse(kHarmony,
            "<|channel|>analysis to=python<|message|>1+1<|call|><|start|>assistant<|channel|>"
            "commentary to=assistant<|message|>{\"x\":1}<|call|>");
  EXPECT_EQ(output.reasoning, "1+1");
  EXPECT_EQ(output.content, "{\"x\":1}");
  EXPECT_THAT(output.calls, IsEmpty());
  OutputOptions no_tools = kHarmony;
  no_tools.tool_calls = false;
  EXPECT_EQ(parse(no_tools, "<|channel|>commentary to=functions.f<|message|>{}<|call|>").content,
            "{}");
}

// gpt-oss knows tools that its client does not have.
TEST(Harmony, AFunctionThatNobodyOfferedIsCalled) {
  const ParsedOutput output =
      parse(kHarmony,
            "<|channel|>commentary to=functions.none<|message|>{\"x\":1}<|call|>"
            "<|start|>assistant<|channel|>analysis to=repo.open code<|message|>\n {\"y\":2}<|call|>"
            "<|start|>assistant<|channel|>commentary to=repo.list<|message|><|call|>");
  EXPECT_EQ(output.content + output.reasoning, "");
  EXPECT_THAT(output.calls,
              ElementsAre(Pair("none", "{\"x\":1}"), Pair("repo.open", "\n {\"y\":2}")));
}

TEST(Harmony, TextWithoutAHeaderIsContent) {
  for (const std::string text :
       {"Hello.", " \n a <b", "assistant of mine", "to=x", "totally", "ass"})
    EXPECT_EQ(parse(kHarmony, text).content, text);
  EXPECT_EQ(parse(kHarmony, "<|end|>x<|channel|>final<|message|>y").content, "x\ny");
}

TEST(Harmony, HeadersAreNeverContent) {
  const std::string text = "<|channel|>commentary to=functions.f <|constrain|>json<|message|>";
  for (std::size_t size = 13; size < text.size(); ++size) {
    const ParsedOutput output = parse(kHarmony, text.substr(0, size));
    EXPECT_EQ(output.content + output.reasoning, "") << size;
    EXPECT_THAT(output.calls, IsEmpty());
  }
  EXPECT_EQ(parse(kHarmony, "<|start|>assist").content, "");
  EXPECT_EQ(parse(kHarmony, "<|channel|>final<|end|><|channel|>final<|message|>x").content, "x");
}

TEST(Harmony, AHeaderThatIsTooLongIsContent) {
  const std::string fits(kHeaderBytesMax - std::string_view("<|channel|>").size(), 'x');
  EXPECT_EQ(parse(kHarmony, "<|channel|>" + fits + "<|message|>y").content, "y");
  const std::string words(kHeaderBytesMax, 'x');
  EXPECT_EQ(parse(kHarmony, "<|channel|>" + words + "<|message|>y").content, words + "y");
  EXPECT_EQ(parse(kHarmony, "assistant " + words + "<|channel|>final<|message|>y").content,
            "assistant " + words + "\ny");
}

TEST(Harmony, ACallThatTheOutputEndsInIsCut) {
  const std::string head = "<|channel|>commentary to=functions.f<|message|>",
                    json = " {\"x\": \"}\"}";
  for (std::size_t size = 0; size <= json.size(); ++size) {
    const ParsedOutput output = parse(kHarmony, head + json.substr(0, size));
    EXPECT_THAT(output.calls, ElementsAre(Pair("f", json.substr(0, size))));
    EXPECT_EQ(output.cut, size < json.size());
  }
}

// <|call|> is a token that ends the answer: nobody sees it here.
TEST(Harmony, ACallThatTheModelEndedIsWholeUnlessItsJsonIsOpen) {
  const auto ended = [](const std::string& body) {
    OutputParser parser(kHarmony);
    ParsedOutput output;
    add(output, parser.push("<|channel|>commentary to=functions.f<|message|>" + body));
    add(output, parser.finish(Ending::kByModel));
    output.cut = parser.cut();
    return output;
  };
  EXPECT_THAT(ended("").calls, ElementsAre(Pair("f", "{}")));
  EXPECT_FALSE(ended("").cut);
  EXPECT_THAT(ended("ls -l").calls, ElementsAre(Pair("f", "ls -l")));
  EXPECT_FALSE(ended("ls -l").cut) << "verbatim: the client judges it";
  EXPECT_THAT(ended("{\"x\": 1").calls, ElementsAre(Pair("f", "{\"x\": 1")));
  EXPECT_TRUE(ended("{\"x\": 1").cut);
}

// As a call of nothing they were no JSON, and the call was passed off as a whole one.
TEST(Harmony, ArgumentsOfNothingButSpaceAreEmpty) {
  const std::string call = "<|channel|>commentary to=functions.f<|message|> \n";
  EXPECT_THAT(parse(kHarmony, call + "<|call|>").calls, ElementsAre(Pair("f", " \n{}")));
  OutputParser parser(kHarmony);
  ParsedOutput output;
  add(output, parser.push(call));
  add(output, parser.finish(Ending::kByModel));
  EXPECT_THAT(output.calls, ElementsAre(Pair("f", " \n{}")));
  EXPECT_FALSE(parser.cut());
}

TEST(Harmony, AsControlMarks) {
  OutputOptions options = kHarmony;
  options.markers = marker_tokens(OutputFormat::kHarmony, true, true);
  ASSERT_LE(options.markers.size(), kControlMarksMax);
  const auto mark = [&](std::string_view marker) {
    for (std::size_t i = 0; i < options.markers.size(); ++i) {
      if (options.markers[i] == marker) return std::string(1, control_mark(i));
    }
    return std::string();
  };
  const ParsedOutput output =
      parse(options, mark("<|channel|>") + "analysis" + mark("<|message|>") + "hm" +
                         mark("<|end|>") + mark("<|start|>") + "assistant" + mark("<|channel|>") +
                         "commentary to=functions.f " + mark("<|constrain|>") + "json" +
                         mark("<|message|>") + "{}");
  EXPECT_EQ(output.reasoning, "hm");
  EXPECT_EQ(output.content, "");
  EXPECT_THAT(output.calls, ElementsAre(Pair("f", "{}")));
  const ParsedOutput spelled = parse(
      options, " to=functions.f" + mark("<|channel|>") + "commentary" + mark("<|message|>") +
                   "{\"x\":\"<|end|>\"}" + mark("<|call|>") + "<|channel|>" + mark("<|end|>") +
                   mark("<|channel|>") + "final" + mark("<|message|>") + "a <|message|>");
  EXPECT_THAT(spelled.calls, ElementsAre(Pair("f", "{\"x\":\"<|end|>\"}")));
  EXPECT_EQ(spelled.content, "<|channel|>\na <|message|>");
}

TEST(Harmony, BegunInThePrompt) {
  OutputOptions options = kHarmony;
  options.starts_in_reasoning = opens_reasoning("<|start|>assistant<|channel|>analysis<|message|>");
  EXPECT_EQ(parse(options, "hm<|end|><|start|>assistant<|channel|>final<|message|>Hi").reasoning,
            "hm");
}

}  // namespace
}  // namespace sanctum::text
