// Hermes JSON: Qwen2.5, Qwen3, Hermes, Granite 4.
#include "base/json.h"
#include "text/json_call.h"
#include "text/output_format.h"

namespace sanctum::text {
namespace {

// Others put something else between the same tags, or spell them otherwise in the end.
bool asked_for(std::string_view source) {
  for (const std::string_view other : {"<function=", "<arg_key>", "<tool_calls>", "<invoke"}) {
    if (source.find(other) != std::string_view::npos) return false;
  }
  return source.find("<tool_call>") != std::string_view::npos;
}

std::unique_ptr<CallReader> reader(const OfferedTools& tools, std::string_view) {
  return std::make_unique<JsonCall>(tools, true, CallReader::Behind{});
}

std::string call_rules(const CallRules& rules) {
  const std::string object = each_tool(rules, [](const BoundTool& tool) {
    return json::quote("{\"name\": " + json::quote(tool.name) + ", \"arguments\": ") + " ( " +
           json_of(tool.schema, tool.strict) + " ) \"}\"";
  });
  return calls_of(rules, rules.mark("<tool_call>"), "\"\\n\"") + "call: \"\\n\" object \"\\n\" " +
         rules.mark("</tool_call>") + "\nobject: " + object + "\n";
}

}  // namespace

const FormatRow& hermes_format() {
  static const FormatRow row{.format = OutputFormat::kHermes,
                             .asked_for = asked_for,
                             .openings = {"<tool_call>"},
                             .closings = {"</tool_call>"},
                             .call_tokens = {"<tool_call>", "</tool_call>"},
                             .reader = reader,
                             .call_rules = call_rules};
  return row;
}

}  // namespace sanctum::text
