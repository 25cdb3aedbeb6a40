// What a chat template tells about its model's output.
#include <cctype>

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

// A name in the template's code, and neither in what it writes nor in a string.
bool knows_tools(std::string_view source) {
  constexpr std::string_view kName = "tools";
  const auto of_a_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  bool code = false;
  char quote = 0;
  for (std::size_t i = 0; i + 1 < source.size(); ++i) {
    const std::string_view two = source.substr(i, 2);
    if (quote != 0) {
      if (source[i] == '\\')
        ++i;
      else if (source[i] == quote)
        quote = 0;
    } else if (!code) {
      code = two == "{{" || two == "{%";
    } else if (two == "}}" || two == "%}") {
      code = false;
    } else if (source[i] == '"' || source[i] == '\'') {
      quote = source[i];
    } else if (source.substr(i, kName.size()) == kName && !of_a_name(source[i - 1]) &&
               (i + kName.size() == source.size() || !of_a_name(source[i + kName.size()]))) {
      return true;
    }
  }
  return false;
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
