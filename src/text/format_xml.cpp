// Qwen3-Coder, Qwen3.5 to 3.8, and others that took it over (Nemotron 3 Nano, Step 3.5).
#include "text/output_format.h"
#include "text/xml_call.h"
#include "text/xml_call_rules.h"

namespace sanctum::text {
namespace {

constexpr std::string_view kFunction = "<function=";

bool asked_for(std::string_view source) {
  for (const std::string_view part : {"<tool_call>", "<function=", "<parameter="}) {
    if (source.find(part) == std::string_view::npos) return false;
  }
  return true;
}

std::unique_ptr<CallReader> reader(const OfferedTools& tools, std::string_view opening) {
  return std::make_unique<XmlCall>(tools, opening == kFunction);
}

}  // namespace

const FormatRow& xml_format() {
  static const FormatRow row{.format = OutputFormat::kXml,
                             .asked_for = asked_for,
                             .openings = {"<tool_call>", kFunction},
                             .closings = {"</tool_call>", "</function>"},
                             .call_tokens = {"<tool_call>", "</tool_call>"},
                             .reader = reader,
                             .call_rules = xml_call_rules};
  return row;
}

}  // namespace sanctum::text
