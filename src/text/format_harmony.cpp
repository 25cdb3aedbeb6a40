// gpt-oss. Its messages have channels and recipients: harmony_reader.h reads it all, and neither
// openings nor a CallReader are needed.
#include "base/json.h"
#include "text/output_format.h"

namespace sanctum::text {
namespace {

bool asked_for(std::string_view source) {
  return source.find("<|channel|>") != std::string_view::npos &&
         source.find("<|message|>") != std::string_view::npos;
}

// The message's end is one of the tokens that end an answer.
std::string call_rules(const CallRules& rules) {
  const std::string object = each_tool(rules, [&](const BoundTool& tool) {
    return json::quote("commentary to=functions." + tool.name + " ") + " " +
           rules.mark("<|constrain|>") + " \"json\" " + rules.mark("<|message|>") + " ( " +
           json_of(tool.schema, tool.strict) + " )";
  });
  return "calls: " + rules.mark("<|channel|>") + " ( " + object + " )\n";
}

}  // namespace

const FormatRow& harmony_format() {
  static const std::vector<std::string> tokens{"<|start|>",   "<|channel|>", "<|constrain|>",
                                               "<|message|>", "<|end|>",     "<|call|>",
                                               "<|return|>"};
  static const FormatRow row{.format = OutputFormat::kHarmony,
                             .asked_for = asked_for,
                             .reasoning = {{"<|channel|>analysis<|message|>", {}, true}},
                             .thought_end = "<|end|><|start|>assistant",
                             .thought_closing = "<|end|>",
                             .thought_opening_shared = "<|channel|>",
                             .call_tokens = tokens,
                             .reasoning_tokens = tokens,
                             .call_rules = call_rules};
  return row;
}

}  // namespace sanctum::text
