// Mistral, Devstral, Ministral, Magistral.
#include "base/json.h"
#include "text/mistral_call.h"
#include "text/output_format.h"

namespace sanctum::text {
namespace {

bool asked_for(std::string_view source) {
  return source.find("[TOOL_CALLS]") != std::string_view::npos;
}

std::unique_ptr<CallReader> reader(const OfferedTools& tools, std::string_view opening) {
  // Without a marker only behind another call of a list.
  if (opening.empty()) return MistralCall::element(tools);
  return std::make_unique<MistralCall>(tools);
}

// The older ones write a list, and have no token for [ARGS].
std::string call_rules(const CallRules& rules) {
  const std::string opening = rules.mark("[TOOL_CALLS]"), behind_name = rules.mark("[ARGS]");
  if (behind_name.front() == '<')
    return calls_of(rules, opening, "") + "call: ( " +
           each_tool(rules,
                     [&](const BoundTool& tool) {
                       return json::quote(tool.name) + " " + behind_name + " ( " +
                              json_of(tool.schema, tool.strict) + " )";
                     }) +
           " )\n";
  const std::string object = each_tool(rules, [](const BoundTool& tool) {
    return json::quote("{\"name\": " + json::quote(tool.name) + ", \"arguments\": ") + " ( " +
           json_of(tool.schema, tool.strict) + " ) \"}\"";
  });
  return "calls: " + opening + " opened\nopened: \" \"? \"[\" object" +
         (rules.parallel ? " (\", \" object)*" : "") + " \"]\"\nobject: " + object + "\n";
}

}  // namespace

const FormatRow& mistral_format() {
  static const FormatRow row{.format = OutputFormat::kMistral,
                             .asked_for = asked_for,
                             .openings = {"[TOOL_CALLS]"},
                             .reasoning = {{"<think>", "</think>"}, {"[THINK]", "[/THINK]", true}},
                             .call_tokens = {"[TOOL_CALLS]", "[CALL_ID]", "[ARGS]"},
                             .reasoning_tokens = {"<think>", "</think>", "[THINK]", "[/THINK]"},
                             .reader = reader,
                             .call_rules = call_rules,
                             .ids = CallIds::kShort};
  return row;
}

}  // namespace sanctum::text
