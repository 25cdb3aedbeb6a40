// Nothing that a parser says may depend on where the text was cut: an answer that a new engine goes
// on with is cut otherwise.
#include <map>
#include <random>

#include "text/control_marks.h"
#include "text/parsed_output.h"

namespace sanctum::text {
namespace {

constexpr std::string_view kTools =
    R"([{"type":"function","function":{"name":"f","parameters":{"properties":{
        "s":{"type":"string"},"n":{"type":"integer"}}}}}])";

const std::map<OutputFormat, std::vector<std::string>> kExamples{
    {OutputFormat::kHermes,
     {"<think>\nhm</think>\n\n", "text", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"s\": ",
      "\"a\\\"</tool_call>b\"}}\n</tool_call>", "<tool_call>{\"arguments\":{},\"name\":\"f\"}"}},
    {OutputFormat::kLlama3,
     {"<|python_tag|>", "{\"name\":\"f\",\"parameters\":{\"s\":", "[1,{\"x\":null}]}}", "; ",
      "text"}},
    {OutputFormat::kMistral,
     {"[THINK]hm[/THINK]", "text", "[TOOL_CALLS]f[ARGS]{\"s\": \"x\"}",
      "[TOOL_CALLS]f[CALL_ID]123456789[ARGS]{}",
      "[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {}}",
      ", {\"name\": \"f\", \"arguments\": {\"n\": 1}}", "]"}},
    {OutputFormat::kXml,
     {"<tool_call>\n<function=f>\n", "<function=f>", "<parameter=s>\n  a\n</parameter>\n",
      "<parameter=n>\n12\n</parameter>\n", "<parameter=s>b", "</function>\n</tool_call>", "text"}},
    {OutputFormat::kGemma4,
     {"<|channel>thought\nhm<channel|>", "text", "<|tool_call>call:f{s:<|\"|>a{,}\"\\\n<|\"|>,n:3",
      ",l:[1,<|\"|>b<|\"|>,{x:true}]", ",m:{y:None}", "}<tool_call|>"}},
    {OutputFormat::kHarmony,
     {"<|channel|>analysis<|message|>hm<|end|>",
      "<|start|>assistant<|channel|>final<|message|>text",
      "<|start|>assistant<|channel|>commentary to=functions.f <|constrain|>json<|message|>{\"s\": ",
      "1}", "<|call|>", " to=functions.f<|channel|>commentary json<|message|>{}", "text"}},
};
const std::vector<std::string> kMarkup{"<tool_call>",
                                       "</tool_call>",
                                       "<think>",
                                       "</think>",
                                       "<|python_tag|>",
                                       "[TOOL_CALLS]",
                                       "[ARGS]",
                                       "\n",
                                       " ",
                                       ";",
                                       "<",
                                       "\"",
                                       "\\",
                                       "{",
                                       "}",
                                       "[",
                                       "]",
                                       ",",
                                       ":",
                                       "name",
                                       "<function=",
                                       ">",
                                       "</parameter>",
                                       "</function>",
                                       "<|tool_call>",
                                       "<tool_call|>",
                                       "<|\"|>",
                                       "<channel|>",
                                       "<|channel|>",
                                       "<|message|>",
                                       "<|start|>",
                                       "<|end|>",
                                       "to=",
                                       "assistant",
                                       "\r"};

std::string with_marks(std::string text, const std::vector<std::string>& markers) {
  for (std::size_t i = 0; i < markers.size(); ++i) {
    for (std::size_t at; (at = text.find(markers[i])) != std::string::npos;)
      text.replace(at, markers[i].size(), 1, control_mark(i));
  }
  return text;
}

// Pieces of markup in many orders: whatever comes of it, it comes at every split.
TEST(OutputSplit, RandomMarkupParsesTheSameAtEverySplit) {
  std::mt19937 random(11);
  const auto any = [&](const std::vector<std::string>& of) { return of[random() % of.size()]; };
  for (const auto& [format, examples] : kExamples) {
    std::size_t calls = 0, cut = 0, content = 0;
    for (int round = 0; round < 500 && !testing::Test::HasFailure(); ++round) {
      std::string text;
      for (int i = round % 8; i >= 0; --i) text += any(examples);
      for (int i = round % 3; i > 0; --i) {
        const std::size_t at = random() % (text.size() + 1);
        random() % 2 == 0 ? text.insert(at, any(kMarkup)) : text.erase(at, 1 + random() % 5);
      }
      OutputOptions options{.format = format, .tool_calls = true, .id_seed = "seed"};
      options.reasoning = round % 2 == 0;
      options.starts_in_reasoning = round % 10 == 0;
      if (round % 4 != 0) options.tools = OfferedTools(kTools);
      SCOPED_TRACE(text);
      if (round % 3 == 0) {
        options.markers = marker_tokens(format, true, options.reasoning);
        text = with_marks(text, options.markers);
      }
      const ParsedOutput output = parse(options, text);
      calls += output.calls.size();
      cut += output.cut ? 1 : 0;
      content += output.content.empty() ? 0 : 1;
    }
    EXPECT_GT(calls, 50u) << static_cast<int>(format);
    EXPECT_GT(cut, 5u) << static_cast<int>(format);
    EXPECT_GT(content, 50u) << static_cast<int>(format);
  }
}

}  // namespace
}  // namespace sanctum::text
