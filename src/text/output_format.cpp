// What a chat template tells about its model's output.

#include "text/output_parser.h"

namespace sanctum::text {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

OutputFormat detect_format(std::string_view source) {
  if (contains(source, "[TOOL_CALLS]")) return OutputFormat::kMistral;
  const bool llama = contains(source, "<|python_tag|>") || contains(source, "<|start_header_id|>");
  if (llama && contains(source, "parameters")) return OutputFormat::kLlama3;
  // Some models put XML of their own between the same tags.
  const bool xml = contains(source, "<function=") || contains(source, "<arg_key>");
  if (contains(source, "<tool_call>") && !xml) return OutputFormat::kHermes;
  return OutputFormat::kPlain;
}

bool detect_reasoning(std::string_view source) {
  return contains(source, "<think>") || contains(source, "</think>");
}

bool opens_reasoning(std::string_view prompt) {
  const std::size_t end = prompt.find_last_not_of(" \t\r\n");
  return end != std::string_view::npos && prompt.substr(0, end + 1).ends_with("<think>");
}

std::vector<std::string> marker_tokens(OutputFormat format, bool parse_tool_calls,
                                       bool parse_reasoning) {
  std::vector<std::string> markers;
  const auto add = [&](std::initializer_list<const char*> more) {
    markers.insert(markers.end(), more.begin(), more.end());
  };
  if (parse_reasoning) add({"<think>", "</think>"});
  if (!parse_tool_calls) return markers;
  if (format == OutputFormat::kHermes) add({"<tool_call>", "</tool_call>"});
  if (format == OutputFormat::kLlama3) add({"<|python_tag|>"});
  if (format == OutputFormat::kMistral) add({"[TOOL_CALLS]", "[CALL_ID]", "[ARGS]"});
  return markers;
}

}  // namespace sanctum::text
