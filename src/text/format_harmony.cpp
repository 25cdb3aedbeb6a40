// gpt-oss. Its messages have channels and recipients: harmony_reader.h reads it all, and neither
// openings nor a CallReader are needed.
#include "text/output_format.h"

namespace sanctum::text {
namespace {

bool asked_for(std::string_view source) {
  return source.find("<|channel|>") != std::string_view::npos &&
         source.find("<|message|>") != std::string_view::npos;
}

}  // namespace

const FormatRow& harmony_format() {
  static const std::vector<std::string> tokens{"<|start|>",   "<|channel|>", "<|constrain|>",
                                               "<|message|>", "<|end|>",     "<|call|>",
                                               "<|return|>"};
  static const FormatRow row{.format = OutputFormat::kHarmony,
                             .asked_for = asked_for,
                             .reasoning = {{"<|channel|>analysis<|message|>", {}, true}},
                             .call_tokens = tokens,
                             .reasoning_tokens = tokens};
  return row;
}

}  // namespace sanctum::text
