// Mistral, Devstral, Ministral, Magistral.
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

}  // namespace

const FormatRow& mistral_format() {
  static const FormatRow row{.format = OutputFormat::kMistral,
                             .asked_for = asked_for,
                             .openings = {"[TOOL_CALLS]"},
                             .reasoning = {{"<think>", "</think>"}, {"[THINK]", "[/THINK]", true}},
                             .call_tokens = {"[TOOL_CALLS]", "[CALL_ID]", "[ARGS]"},
                             .reasoning_tokens = {"<think>", "</think>", "[THINK]", "[/THINK]"},
                             .reader = reader,
                             .ids = CallIds::kShort};
  return row;
}

}  // namespace sanctum::text
