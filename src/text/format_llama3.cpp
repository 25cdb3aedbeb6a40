// Llama 3's JSON, which has no marker, or <|python_tag|>.
#include "base/json.h"
#include "text/json_call.h"
#include "text/output_format.h"

namespace sanctum::text {
namespace {

bool asked_for(std::string_view source) {
  const auto has = [&](std::string_view part) {
    return source.find(part) != std::string_view::npos;
  };
  const bool llama = has("<|python_tag|>") || has("<|start_header_id|>");
  // Functionary puts marks of its own before the same.
  return llama && has("parameters") && !has("<function") && !has(">>>");
}

std::unique_ptr<CallReader> reader(const OfferedTools& tools, std::string_view opening) {
  return std::make_unique<JsonCall>(tools, !opening.empty(),
                                    CallReader::Behind{" \t\r\n;", {}, true});
}

std::string call_rules(const CallRules& rules) {
  const std::string object = each_tool(rules, [](const BoundTool& tool) {
    return json::quote("{\"name\": " + json::quote(tool.name) + ", \"parameters\": ") + " ( " +
           json_of(tool.schema, tool.strict) + " ) \"}\"";
  });
  return calls_of(rules, "", "\"; \"") + "call: " + object + "\n";
}

}  // namespace

const FormatRow& llama3_format() {
  static const FormatRow row{.format = OutputFormat::kLlama3,
                             .asked_for = asked_for,
                             .openings = {"<|python_tag|>"},
                             .call_tokens = {"<|python_tag|>"},
                             .reader = reader,
                             .bare = true,
                             .call_rules = call_rules};
  return row;
}

}  // namespace sanctum::text
