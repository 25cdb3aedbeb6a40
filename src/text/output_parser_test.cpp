#include "text/output_parser.h"

#include "base/json.h"
#include "text/control_marks.h"
#include "text/marked_reader.h"
#include "text/parsed_output.h"
#include "text/tool_call_id.h"

namespace sanctum::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const OutputOptions kHermes{.format = OutputFormat::kHermes, .tool_calls = true, .id_seed = "seed"};
const OutputOptions kLlama{.format = OutputFormat::kLlama3, .tool_calls = true, .id_seed = "seed"};
const OutputOptions kThinking{
    .format = OutputFormat::kHermes, .tool_calls = true, .reasoning = true, .id_seed = "seed"};

OutputOptions offering(OutputOptions options, const std::string& name) {
  options.tools = OfferedTools(R"([{"type":"function","function":{"name":")" + name + R"("}}])");
  return options;
}

TEST(OutputParser, PlainTextPassesUnchanged) {
  const std::string text = "  a < b, <tool, </tool_cal {\"name\": 1} [TOOL <|to <| <func \n ";
  for (const OutputFormat format :
       {OutputFormat::kPlain, OutputFormat::kHermes, OutputFormat::kLlama3, OutputFormat::kMistral,
        OutputFormat::kXml, OutputFormat::kGemma4, OutputFormat::kHarmony}) {
    const OutputOptions options{.format = format, .tool_calls = true, .reasoning = true};
    const ParsedOutput output = parse(options, text);
    EXPECT_EQ(output.content, text);
    EXPECT_THAT(output.calls, IsEmpty());
  }
}

TEST(OutputParser, HermesCall) {
  const ParsedOutput output =
      parse(kHermes,
            "Let me look.\n<tool_call>\n{\"name\": \"w\", \"arguments\": {\"c\": \"Paris\"}}\n"
            "</tool_call>");
  EXPECT_EQ(output.content, "Let me look.");
  EXPECT_THAT(output.calls, ElementsAre(Pair("w", R"({"c": "Paris"})")));
  EXPECT_THAT(output.ids, ElementsAre(tool_call_id(CallIds::kLong, "seed", 0)));
}

TEST(OutputParser, HermesCallsOneAfterAnother) {
  const ParsedOutput output =
      parse(kHermes,
            "<tool_call>{\"name\":\"a\",\"arguments\":{}}</tool_call>\n"
            "<tool_call>{\"name\":\"b\",\"arguments\":{\"x\":[1,{\"y\":\"}\"}]}}</tool_call>\n");
  EXPECT_EQ(output.content, "");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}"), Pair("b", R"({"x":[1,{"y":"}"}]})")));
  ASSERT_EQ(output.ids.size(), 2u);
  EXPECT_NE(output.ids[0], output.ids[1]);
}

TEST(OutputParser, MarkersInsideArgumentsAreText) {
  const ParsedOutput output =
      parse(kHermes,
            R"(<tool_call>{"name":"a","arguments":{"x":"</tool_call><tool_call>"}}</tool_call>)");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", R"({"x":"</tool_call><tool_call>"})")));
  EXPECT_EQ(output.content, "");
}

TEST(OutputParser, MissingClosingMarkerIsForgiven) {
  EXPECT_THAT(parse(kHermes, R"(<tool_call>{"name":"a","arguments":{}})").calls,
              ElementsAre(Pair("a", "{}")));
  const ParsedOutput output = parse(kHermes, R"(<tool_call>{"name":"a","arguments":{}} and then)");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}")));
  EXPECT_EQ(output.content, "and then");
}

TEST(OutputParser, WhatHasNotBegunComesBackAsContent) {
  for (const std::string text : {
           "<tool_call>{\"name\": \"a\", \"argum",
           "<tool_call>{\"arguments\": {\"x\": \"cut o",
           "<tool_call>not json</tool_call>",
           "<tool_call>{\"arguments\": {}}</tool_call>\n",
           "<tool_call>[{\"name\":\"a\",\"arguments\":{}}]</tool_call>",
           "hm\n<tool_call>\n{\"name\": \"a\", \"arguments\": [1]}\n</tool_call> ok",
           "text <tool_call>",
           "text <tool_ca",
           "<tool_call>  \n ",
       }) {
    const ParsedOutput output = parse(kHermes, text, Ending::kByModel);
    EXPECT_EQ(output.content, text);
    EXPECT_THAT(output.calls, IsEmpty());
    EXPECT_FALSE(output.cut);
  }
}

// As of a call that has begun, no mark of it is content.
TEST(OutputParser, WhatALimitCutsBeforeItHasBegunIsNothing) {
  for (const std::string cut : {"<tool_call>{\"name\": \"a\", \"argum", "<tool_call>  \n "})
    EXPECT_EQ(parse(kHermes, "text" + cut), parse(kHermes, "text"));
  const std::string first = R"([TOOL_CALLS][{"name": "a", "arguments": {}})";
  const OutputOptions list{.format = OutputFormat::kMistral, .tool_calls = true};
  EXPECT_EQ(parse(list, first + R"(, {"name": "b", "argu)"), parse(list, first));
  for (const std::string none : {"<tool_call>not json", "text <tool_ca"})
    EXPECT_EQ(parse(kHermes, none).content, none);
}

// As content it ended the answer: whoever runs the tools was never asked for one that there is not.
TEST(OutputParser, ANameThatNobodyOfferedIsCalledInEveryFormat) {
  const std::string call = R"({"name": "b", "arguments": {"x": 1}})";
  const std::pair<OutputFormat, std::string> cases[] = {
      {OutputFormat::kHermes, "hm\n<tool_call>\n" + call + "\n</tool_call>"},
      {OutputFormat::kHermes, R"(hm<tool_call>{"arguments": {"x": 1}, "name": "b"}</tool_call>)"},
      {OutputFormat::kLlama3, "hm<|python_tag|>" + call},
      {OutputFormat::kMistral, R"(hm[TOOL_CALLS]b[ARGS]{"x": 1})"},
      {OutputFormat::kMistral, "hm[TOOL_CALLS][" + call + "]"},
      {OutputFormat::kXml,
       "hm\n<tool_call>\n<function=b>\n<parameter=x>\n1\n</parameter>\n</function>\n</tool_call>"},
      {OutputFormat::kGemma4, "hm<|tool_call>call:b{x:1}<tool_call|>"},
      {OutputFormat::kHarmony,
       "<|channel|>final<|message|>hm<|end|><|start|>assistant<|channel|>commentary "
       "to=functions.b<|message|>{\"x\": 1}<|call|>"},
  };
  for (const auto& [format, text] : cases) {
    const ParsedOutput output =
        parse(offering({.format = format, .tool_calls = true, .id_seed = "seed"}, "a"), text);
    EXPECT_EQ(output.content, "hm") << text;
    ASSERT_EQ(output.calls.size(), 1u) << text;
    EXPECT_EQ(output.calls[0].first, "b") << text;
    EXPECT_EQ(json::Document(output.calls[0].second).root().at("x").as_int(), 1) << text;
  }
  EXPECT_THAT(parse(offering(kLlama, "a"), " " + call).calls,
              ElementsAre(Pair("b", R"({"x": 1})")));
  EXPECT_EQ(parse({.format = OutputFormat::kHermes}, cases[0].second).content, cases[0].second);
}

TEST(OutputParser, ANameThatIsTooLongIsContent) {
  for (const std::size_t size : {kNameBytesMax, kNameBytesMax + 1}) {
    const std::string name(size, 'n');
    const std::string text = "<tool_call>{\"name\":\"" + name + "\",\"arguments\":{}}</tool_call>";
    const ParsedOutput output = parse(kHermes, text);
    EXPECT_EQ(output.calls.size(), size == kNameBytesMax ? 1u : 0u);
    EXPECT_EQ(output.content, size == kNameBytesMax ? "" : text);
  }
}

TEST(OutputParser, ArgumentsGoOutAsTheyCome) {
  OutputParser parser(kHermes);
  EXPECT_TRUE(parser.push("<tool_call>{\"name\":\"a\",\"arguments\":").empty());
  const OutputParser::Event first = parser.push(" {\"x\":");
  ASSERT_EQ(first.tool_calls.size(), 1u);
  EXPECT_EQ(first.tool_calls[0].name, "a");
  EXPECT_EQ(first.tool_calls[0].arguments, "{\"x\":");
  const OutputParser::Event second = parser.push(" \"long te");
  ASSERT_EQ(second.tool_calls.size(), 1u);
  EXPECT_EQ(second.tool_calls[0].id, "");
  EXPECT_EQ(second.tool_calls[0].name, "");
  EXPECT_EQ(second.tool_calls[0].arguments, " \"long te");
  EXPECT_EQ(parser.push("xt\"}}").tool_calls.at(0).arguments, "xt\"}");
  EXPECT_TRUE(parser.push("\n</tool_call>").empty());
}

TEST(OutputParser, BrokenArgumentsGoOutVerbatim) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"x": })", R"({"x": })"},
      {"{\"x\": \"new\nline\"}", "{\"x\": \"new\nline\"}"},
      {R"({"x": '\d',})", R"({"x": '\d',})"},
      {R"({"x": [1, 2)", R"({"x": [1, 2})"},  // up to the marker, the outer bracket too
  };
  for (const auto& [written, handed] : cases) {
    const ParsedOutput output =
        parse(kHermes, "hm <tool_call>{\"name\":\"a\",\"arguments\":" + written +
                           "}</tool_call>\n<tool_call>{\"name\":\"b\"}</tool_call>ok");
    EXPECT_THAT(output.calls, ElementsAre(Pair("a", handed), Pair("b", "{}"))) << written;
    EXPECT_EQ(output.content, "hmok");
    EXPECT_FALSE(output.cut);
  }
}

TEST(OutputParser, ACallThatTheOutputEndsInIsCut) {
  const std::string call = R"(<tool_call>{"name":"a","arguments":{"x":"y"}}</tool_call>)";
  for (std::size_t size = 0; size <= call.size(); ++size) {
    const std::string said = call.substr(0, size);
    const ParsedOutput output = parse(kHermes, said);
    const bool begun = size > call.find("{\"x"), whole = size > call.find("}}");
    EXPECT_EQ(output.calls.size(), begun ? 1u : 0u) << size;
    EXPECT_EQ(output.cut, begun && !whole) << size;
    EXPECT_EQ(output.content, said.starts_with("<tool_call>") ? "" : said);
    EXPECT_EQ(parse(kHermes, said, Ending::kByModel).content, begun ? "" : said);
  }
}

TEST(OutputParser, StrayClosingMarkersAreNoContent) {
  EXPECT_EQ(parse(kHermes, "a </tool_call>b").content, "a b");
  EXPECT_EQ(parse(kHermes, "</tool_call>\n").content, "\n");
  const ParsedOutput output =
      parse(kHermes,
            "<tool_call>{\"name\":\"a\"}</tool_call></tool_call>\n</tool_call> then</tool_call>");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}")));
  EXPECT_EQ(output.content, "\n then");
}

TEST(OutputParser, AGoodCallBehindABrokenOne) {
  const ParsedOutput output =
      parse(kHermes,
            "<tool_call>{oops}</tool_call><tool_call>{\"name\":\"a\",\"arguments\":{}}"
            "</tool_call>");
  EXPECT_EQ(output.content, "<tool_call>{oops}</tool_call>");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}")));
}

TEST(OutputParser, ABrokenCallBehindAGoodOne) {
  const ParsedOutput output =
      parse(kHermes, "<tool_call>{\"name\":\"a\",\"arguments\":{}}</tool_call>\n<tool_call>{\"na",
            Ending::kByModel);
  EXPECT_EQ(output.content, "\n<tool_call>{\"na");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}")));
}

TEST(OutputParser, NoMoreIsHeldBackThanTheLimit) {
  const std::string text = "<tool_call>{\"arguments\":{\"x\":\"" +
                           std::string(kUndecidedBytesMax, 'x') + "\"},\"name\":\"a\"}</tool_call>";
  const ParsedOutput output = feed(kHermes, {text});
  EXPECT_EQ(output.content, text);
  EXPECT_THAT(output.calls, IsEmpty());
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(feed(kHermes, bytes), output);
}

TEST(OutputParser, MarkersAreTextWhenToolsAreNotParsed) {
  const std::string text = "<tool_call>{\"name\":\"a\",\"arguments\":{}}</tool_call>";
  EXPECT_EQ(parse({.format = OutputFormat::kHermes}, text).content, text);
}

TEST(OutputParser, HoldsBackNoMoreThanItMust) {
  OutputParser parser(kHermes);
  EXPECT_EQ(parser.push("one <to").content, "one");
  EXPECT_EQ(parser.push("ast> two").content, " <toast> two");
  EXPECT_EQ(parser.push(" <tool_call>{\"name\":\"a\",").content, "");
  const OutputParser::Event event = parser.push("\"arguments\":{}}");
  EXPECT_EQ(event.content, "");
  EXPECT_EQ(event.tool_calls.size(), 1u);
}

TEST(OutputParser, LlamaBareJson) {
  const ParsedOutput output =
      parse(kLlama, " {\"name\": \"w\", \"parameters\": {\"c\": \"Oslo\"}}");
  EXPECT_EQ(output.content, "");
  EXPECT_THAT(output.calls, ElementsAre(Pair("w", R"({"c": "Oslo"})")));
}

TEST(OutputParser, LlamaPythonTagAndSeveral) {
  const ParsedOutput output = parse(kLlama,
                                    "<|python_tag|>{\"name\":\"a\",\"parameters\":{}}; "
                                    "{\"name\":\"b\",\"parameters\":{\"x\":1}}");
  EXPECT_EQ(output.content, "");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}"), Pair("b", R"({"x":1})")));
}

TEST(OutputParser, LlamaJsonAnswersStayAnswers) {
  for (const std::string text :
       {R"({"name": "Bob", "age": 3})", R"({"a": 1} and more)", "{", "{ not json }",
        R"(Here: {"name": "w", "parameters": {}})", "<|python_tag|>print(1)"}) {
    const ParsedOutput output = parse(kLlama, text);
    EXPECT_EQ(output.content, text);
    EXPECT_THAT(output.calls, IsEmpty());
  }
}

// What is left of a broken call is text; a special token never was. One that was merely spelled is:
// the two were told apart by whether it came in one piece, which a stop string changed.
TEST(OutputParser, SpecialTokensAreNoContent) {
  const std::vector<std::string> markers{"<think>", "</think>", "[TOOL_CALLS]", "[ARGS]"};
  const std::string call(1, control_mark(2)), args(1, control_mark(3));
  const auto content = [&](const std::vector<std::string>& pieces) {
    OutputParser parser({.format = OutputFormat::kMistral,
                         .tool_calls = true,
                         .reasoning = true,
                         .markers = markers});
    ParsedOutput output;
    for (const std::string& piece : pieces) add(output, parser.push(piece));
    add(output, parser.finish());
    return output.reasoning + "|" + output.content;
  };
  const std::string think(1, control_mark(0)), end(1, control_mark(1));
  EXPECT_EQ(content({"a", call, " b c"}), "|a b c");
  EXPECT_EQ(content({call, "no name", args, "{broken"}), "|no name{broken");
  EXPECT_EQ(content({call + "no name" + args + "{broken"}), "|no name{broken");
  EXPECT_EQ(content({"a", end, "b", args}), "|ab");
  EXPECT_EQ(content({think, "a", args, "b", end, "c"}), "ab|c");
  EXPECT_EQ(content({"a", "[ARGS]", "b ", "[AR", "GS]"}), "|a[ARGS]b [ARGS]");
  EXPECT_EQ(content({"[TOOL_CALLS]", " b c"}), "|[TOOL_CALLS] b c");
}

// Unlike one that is spelled inside of a string.
TEST(OutputParser, ASpecialTokenEndsACallWhoseStringIsOpen) {
  OutputOptions options = kHermes;
  options.markers = {"<tool_call>", "</tool_call>"};
  const std::string open(1, control_mark(0)), end(1, control_mark(1));
  const std::string call = "{\"name\":\"a\",\"arguments\":{\"x\":\"</tool_call>";
  const ParsedOutput output = parse(options, open + call + end + "ok" + open + "{\"name\":\"b\"}");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{\"x\":\"</tool_call>"), Pair("b", "{}")));
  EXPECT_EQ(output.content, "ok");
}

TEST(OutputParser, ReasoningThenContentThenCall) {
  const ParsedOutput output = parse(kThinking,
                                    "<think>\nIs a < b? \n Yes. </thin\n\n</think>\n\nIt is.\n"
                                    "<tool_call>{\"name\":\"a\",\"arguments\":{}}</tool_call>");
  EXPECT_EQ(output.reasoning, "Is a < b? \n Yes. </thin");
  EXPECT_EQ(output.content, "It is.");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}")));
}

TEST(OutputParser, EmptyReasoning) {
  const ParsedOutput output = parse(kThinking, "<think>\n\n</think>\n\nHi");
  EXPECT_EQ(output.reasoning, "");
  EXPECT_EQ(output.content, "Hi");
}

TEST(OutputParser, ReasoningThatBeganInThePrompt) {
  OutputOptions options = kThinking;
  options.starts_in_reasoning = true;
  EXPECT_EQ(parse(options, "\nhm</think>Hi").reasoning, "hm");
  EXPECT_EQ(parse(options, "\nhm</think>Hi").content, "Hi");
  EXPECT_EQ(parse(options, "<think>hm</think>Hi").reasoning, "hm");
  EXPECT_EQ(parse(options, "<think><think>hm</think>Hi").reasoning, "<think>hm");
  EXPECT_EQ(parse(options, "cut off ").reasoning, "cut off ");
}

TEST(OutputParser, ReasoningCountsAtTheStartOnly) {
  EXPECT_EQ(parse(kThinking, "So <think>x</think>").content, "So <think>x</think>");
  EXPECT_EQ(parse(kThinking, "<thinking>").content, "<thinking>");
  EXPECT_EQ(parse(kThinking, "<think>a</think>b<think>c</think>").content, "b<think>c</think>");
  EXPECT_EQ(parse(kHermes, "<think>x</think>y").content, "<think>x</think>y");
}

}  // namespace
}  // namespace sanctum::text
