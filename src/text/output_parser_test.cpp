#include "text/output_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "text/control_marks.h"
#include "text/tool_call.h"

namespace sanctum::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

struct Output {
  std::string content;
  std::string reasoning;
  std::vector<std::pair<std::string, std::string>> calls;  // name, arguments
  std::vector<std::string> ids;
  bool operator==(const Output&) const = default;
};

void PrintTo(const Output& output, std::ostream* out) {
  *out << testing::PrintToString(
      std::tie(output.content, output.reasoning, output.calls, output.ids));
}

struct Options {
  OutputFormat format = OutputFormat::kHermes;
  bool tools = true;
  bool reasoning = false;
  bool starts_in_reasoning = false;
};

void add(Output& output, const OutputParser::Event& event) {
  output.content += event.content;
  output.reasoning += event.reasoning;
  for (const ToolCallDelta& delta : event.tool_calls) {
    const auto index = static_cast<std::size_t>(delta.index);
    if (index >= output.calls.size()) {
      EXPECT_EQ(index, output.calls.size());
      EXPECT_FALSE(delta.id.empty());
      EXPECT_FALSE(delta.name.empty());
      output.calls.resize(index + 1);
      output.ids.resize(index + 1);
    }
    output.calls[index].first += delta.name;
    output.calls[index].second += delta.arguments;
    output.ids[index] += delta.id;
  }
}

Output feed(const Options& options, const std::vector<std::string>& pieces) {
  OutputParser parser(options.format, options.tools, options.reasoning, "seed",
                      options.starts_in_reasoning);
  Output output;
  for (const std::string& piece : pieces) add(output, parser.push(piece));
  add(output, parser.finish());
  EXPECT_EQ(static_cast<std::size_t>(parser.calls()), output.calls.size());
  return output;
}

// The result for the whole text, having checked every split in two and byte by byte.
Output parse(const Options& options, const std::string& text) {
  const Output whole = feed(options, {text});
  for (std::size_t i = 0; i <= text.size(); ++i) {
    EXPECT_EQ(feed(options, {text.substr(0, i), text.substr(i)}), whole) << "split at " << i;
  }
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(feed(options, bytes), whole) << "byte by byte";
  return whole;
}

const Options kHermes{OutputFormat::kHermes};
const Options kLlama{OutputFormat::kLlama3};
const Options kMistral{OutputFormat::kMistral};
const Options kThinking{OutputFormat::kHermes, true, true};

TEST(OutputParser, PlainTextPassesUnchanged) {
  const std::string text = "  a < b, <tool, </tool_call> {\"name\": 1} [TOOL  \n ";
  for (const Options& options :
       {kHermes, kLlama, kMistral, kThinking, Options{OutputFormat::kPlain}}) {
    const Output output = parse(options, text);
    EXPECT_EQ(output.content, text);
    EXPECT_THAT(output.calls, IsEmpty());
  }
}

TEST(OutputParser, HermesCall) {
  const Output output =
      parse(kHermes,
            "Let me look.\n<tool_call>\n{\"name\": \"w\", \"arguments\": {\"c\": \"Paris\"}}\n"
            "</tool_call>");
  EXPECT_EQ(output.content, "Let me look.");
  EXPECT_THAT(output.calls, ElementsAre(Pair("w", R"({"c": "Paris"})")));
  EXPECT_THAT(output.ids, ElementsAre(tool_call_id(OutputFormat::kHermes, "seed", 0)));
}

TEST(OutputParser, HermesCallsOneAfterAnother) {
  const Output output =
      parse(kHermes,
            "<tool_call>{\"name\":\"a\",\"arguments\":{}}</tool_call>\n"
            "<tool_call>{\"name\":\"b\",\"arguments\":{\"x\":[1,{\"y\":\"}\"}]}}</tool_call>\n");
  EXPECT_EQ(output.content, "");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}"), Pair("b", R"({"x":[1,{"y":"}"}]})")));
  EXPECT_NE(output.ids[0], output.ids[1]);
}

TEST(OutputParser, MarkersInsideArgumentsAreText) {
  const Output output =
      parse(kHermes,
            R"(<tool_call>{"name":"a","arguments":{"x":"</tool_call><tool_call>"}}</tool_call>)");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", R"({"x":"</tool_call><tool_call>"})")));
  EXPECT_EQ(output.content, "");
}

TEST(OutputParser, MissingClosingMarkerIsForgiven) {
  EXPECT_THAT(parse(kHermes, R"(<tool_call>{"name":"a","arguments":{}})").calls,
              ElementsAre(Pair("a", "{}")));
  const Output output = parse(kHermes, R"(<tool_call>{"name":"a","arguments":{}} and then)");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}")));
  EXPECT_EQ(output.content, "and then");
}

TEST(OutputParser, BrokenCallsComeBackAsContent) {
  for (const std::string text : {
           "hm\n<tool_call>\n{\"name\": \"a\", \"arguments\": {\"x\": }}\n</tool_call> ok",
           "<tool_call>{\"name\": \"a\", \"arguments\": {\"x\": \"cut o",
           "<tool_call>{\"name\": \"a\", \"arguments\": {\"x\": \"new\nline\"}}</tool_call>",
           "<tool_call>not json</tool_call>",
           "<tool_call>{\"arguments\": {}}</tool_call>\n",
           "<tool_call>[{\"name\":\"a\",\"arguments\":{}}]</tool_call>",
           "text <tool_call>",
           "text <tool_ca",
           "<tool_call>  \n ",
       }) {
    const Output output = parse(kHermes, text);
    EXPECT_EQ(output.content, text);
    EXPECT_THAT(output.calls, IsEmpty());
  }
}

TEST(OutputParser, AGoodCallBehindABrokenOne) {
  const Output output =
      parse(kHermes,
            "<tool_call>{oops}</tool_call><tool_call>{\"name\":\"a\",\"arguments\":{}}"
            "</tool_call>");
  EXPECT_EQ(output.content, "<tool_call>{oops}</tool_call>");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}")));
}

TEST(OutputParser, ABrokenCallBehindAGoodOne) {
  const Output output =
      parse(kHermes, "<tool_call>{\"name\":\"a\",\"arguments\":{}}</tool_call>\n<tool_call>{\"na");
  EXPECT_EQ(output.content, "\n<tool_call>{\"na");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}")));
}

TEST(OutputParser, AnOversizedCallComesBackAsContent) {
  const std::string text = "<tool_call>{\"name\":\"a\",\"arguments\":{\"x\":\"" +
                           std::string(kCallBytesMax, 'x') + "\"}}</tool_call>";
  const Output output = feed(kHermes, {text});
  EXPECT_EQ(output.content, text);
  EXPECT_THAT(output.calls, IsEmpty());
}

TEST(OutputParser, MarkersAreTextWhenToolsAreNotParsed) {
  const std::string text = "<tool_call>{\"name\":\"a\",\"arguments\":{}}</tool_call>";
  EXPECT_EQ(parse({OutputFormat::kHermes, false}, text).content, text);
}

TEST(OutputParser, HoldsBackNoMoreThanItMust) {
  OutputParser parser(OutputFormat::kHermes, true, false);
  EXPECT_EQ(parser.push("one <to").content, "one");
  EXPECT_EQ(parser.push("ast> two").content, " <toast> two");
  EXPECT_EQ(parser.push(" <tool_call>{\"name\":\"a\",").content, "");
  const OutputParser::Event event = parser.push("\"arguments\":{}}");
  EXPECT_EQ(event.content, "");
  EXPECT_EQ(event.tool_calls.size(), 1u);
}

TEST(OutputParser, LlamaBareJson) {
  const Output output = parse(kLlama, " {\"name\": \"w\", \"parameters\": {\"c\": \"Oslo\"}}");
  EXPECT_EQ(output.content, "");
  EXPECT_THAT(output.calls, ElementsAre(Pair("w", R"({"c": "Oslo"})")));
}

TEST(OutputParser, LlamaPythonTagAndSeveral) {
  const Output output = parse(kLlama,
                              "<|python_tag|>{\"name\":\"a\",\"parameters\":{}}; "
                              "{\"name\":\"b\",\"parameters\":{\"x\":1}}");
  EXPECT_EQ(output.content, "");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}"), Pair("b", R"({"x":1})")));
}

TEST(OutputParser, LlamaJsonAnswersStayAnswers) {
  for (const std::string text :
       {R"({"name": "Bob", "age": 3})", R"({"a": 1} and more)", "{", "{ not json }",
        R"(Here: {"name": "w", "parameters": {}})", "<|python_tag|>print(1)"}) {
    const Output output = parse(kLlama, text);
    EXPECT_EQ(output.content, text);
    EXPECT_THAT(output.calls, IsEmpty());
  }
}

TEST(OutputParser, MistralListAndNames) {
  EXPECT_THAT(parse(kMistral, R"([TOOL_CALLS] [{"name": "a", "arguments": {"x": 1}}, )"
                              R"({"name": "b", "arguments": {}}])")
                  .calls,
              ElementsAre(Pair("a", R"({"x": 1})"), Pair("b", "{}")));
  const Output named =
      parse(kMistral, R"(ok [TOOL_CALLS]a[ARGS]{"x": 1}[TOOL_CALLS]b[CALL_ID]123456789[ARGS]{})");
  EXPECT_THAT(named.calls, ElementsAre(Pair("a", R"({"x": 1})"), Pair("b", "{}")));
  EXPECT_EQ(named.content, "ok");
}

TEST(OutputParser, MistralBroken) {
  for (const std::string text :
       {R"([TOOL_CALLS] [{"name": "a", "arguments": {"x": 1}}, 3])", "[TOOL_CALLS] hello there",
        R"([TOOL_CALLS]a b[ARGS]{})", "[TOOL_CALLS][{\"name\"", "[TOOL_C"}) {
    const Output output = parse(kMistral, text);
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
    OutputParser parser(OutputFormat::kMistral, true, true, "seed", false, markers);
    Output output;
    for (const std::string& piece : pieces) add(output, parser.push(piece));
    add(output, parser.finish());
    return output.reasoning + "|" + output.content;
  };
  const std::string think(1, control_mark(0)), end(1, control_mark(1));
  EXPECT_EQ(content({"a", call, " b c"}), "|a b c");
  EXPECT_EQ(content({call, "name", args, "{broken"}), "|name{broken");
  EXPECT_EQ(content({call + "name" + args + "{broken"}), "|name{broken");
  EXPECT_EQ(content({"a", end, "b", args}), "|ab");
  EXPECT_EQ(content({think, "a", args, "b", end, "c"}), "ab|c");
  EXPECT_EQ(content({"a", "[ARGS]", "b ", "[AR", "GS]"}), "|a[ARGS]b [ARGS]");
  EXPECT_EQ(content({"[TOOL_CALLS]", " b c"}), "|[TOOL_CALLS] b c");
}

TEST(OutputParser, ReasoningThenContentThenCall) {
  const Output output = parse(kThinking,
                              "<think>\nIs a < b? \n Yes. </thin\n\n</think>\n\nIt is.\n"
                              "<tool_call>{\"name\":\"a\",\"arguments\":{}}</tool_call>");
  EXPECT_EQ(output.reasoning, "Is a < b? \n Yes. </thin");
  EXPECT_EQ(output.content, "It is.");
  EXPECT_THAT(output.calls, ElementsAre(Pair("a", "{}")));
}

TEST(OutputParser, EmptyReasoning) {
  const Output output = parse(kThinking, "<think>\n\n</think>\n\nHi");
  EXPECT_EQ(output.reasoning, "");
  EXPECT_EQ(output.content, "Hi");
}

TEST(OutputParser, ReasoningThatBeganInThePrompt) {
  const Options options{OutputFormat::kHermes, true, true, true};
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

// Pieces of markup in any order: whatever comes of it, it comes at every split.
TEST(OutputParser, RandomMarkupParsesTheSameAtEverySplit) {
  const std::string_view fragments[] = {"<tool_call>",
                                        "</tool_call>",
                                        "<think>",
                                        "</think>",
                                        "<|python_tag|>",
                                        "[TOOL_CALLS]",
                                        "[ARGS]",
                                        "\n",
                                        " ",
                                        ";",
                                        "text",
                                        "<",
                                        "{\"name\":",
                                        "\"f\"",
                                        ",",
                                        "}",
                                        "\"arguments\":",
                                        "\"parameters\":{}",
                                        "{\"a\":[1]}",
                                        "[",
                                        "]",
                                        "f",
                                        "{\"name\":\"f\",\"parameters\":{}}"};
  std::mt19937 random(11);
  std::uniform_int_distribution<std::size_t> any(0, std::size(fragments) - 1);
  int calls = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = round % 12; i >= 0; --i) text += fragments[any(random)];
    for (const auto format :
         {OutputFormat::kHermes, OutputFormat::kLlama3, OutputFormat::kMistral}) {
      const Options options{format, true, round % 2 == 0, round % 4 == 0};
      SCOPED_TRACE(text);
      calls += static_cast<int>(parse(options, text).calls.size());
    }
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GT(calls, 100);
}

TEST(OutputFormat, IsRecognizedByTheTemplate) {
  EXPECT_EQ(detect_format("{{ '<tool_call>' }}"), OutputFormat::kHermes);
  EXPECT_EQ(detect_format("<tool_call><function=f>"), OutputFormat::kPlain);
  EXPECT_EQ(detect_format("[TOOL_CALLS] [/INST]"), OutputFormat::kMistral);
  EXPECT_EQ(detect_format("<|start_header_id|> {\"name\", \"parameters\"}"), OutputFormat::kLlama3);
  EXPECT_EQ(detect_format("<|start_header_id|>"), OutputFormat::kPlain);
  EXPECT_EQ(detect_format(""), OutputFormat::kPlain);
}

TEST(OutputFormat, ToolsAreKnownByTheTemplatesCode) {
  EXPECT_TRUE(knows_tools("{%- if tools %}{{ tools | tojson }}{% endif %}"));
  EXPECT_TRUE(knows_tools("{% for m in messages %}{{ m.x }}{% endfor %}{{ tools }}"));
  EXPECT_FALSE(knows_tools("{{ 'x' }} You have no tools. {% for m in messages %}{% endfor %}"));
  EXPECT_FALSE(knows_tools("{{ '# Tools <tools>' }}{{ tools_of_mine }}{{ \"\\\"tools\" }}"));
  EXPECT_FALSE(knows_tools(""));
}

TEST(OutputFormat, ReasoningOpenedByThePrompt) {
  EXPECT_TRUE(opens_reasoning("<|im_start|>assistant\n<think>\n"));
  EXPECT_FALSE(opens_reasoning("<think>\n\n</think>\n\n"));
  EXPECT_FALSE(opens_reasoning(""));
  EXPECT_TRUE(detect_reasoning("x</think>"));
}

}  // namespace
}  // namespace sanctum::text
