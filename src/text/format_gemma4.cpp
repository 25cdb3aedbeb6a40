// Gemma 4.
#include "text/gemma_call.h"
#include "text/gemma_call_rules.h"
#include "text/output_format.h"

namespace sanctum::text {
namespace {

bool asked_for(std::string_view source) {
  return source.find("<|tool_call>") != std::string_view::npos &&
         source.find("<tool_call|>") != std::string_view::npos;
}

std::unique_ptr<CallReader> reader(const OfferedTools& tools, std::string_view) {
  return std::make_unique<GemmaCall>(tools);
}

}  // namespace

const FormatRow& gemma4_format() {
  static const FormatRow row{.format = OutputFormat::kGemma4,
                             .asked_for = asked_for,
                             .openings = {"<|tool_call>"},
                             .closings = {"<tool_call|>"},
                             .reasoning = {{"<|channel>thought", "<channel|>", true}},
                             .thought_end = "\n<channel|>",
                             .call_tokens = {"<|tool_call>", "<tool_call|>", "<|\"|>"},
                             .reasoning_tokens = {"<|channel>", "<channel|>"},
                             .reader = reader,
                             .call_rules = gemma_call_rules};
  return row;
}

}  // namespace sanctum::text
