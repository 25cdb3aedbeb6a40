// What a chat template tells about its model's output.
#include "text/output_format.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "text/markers.h"

namespace sanctum::text {
namespace {

// In the order in which a template is asked.
const std::array<const FormatRow*, 7>& rows() {
  static const std::array<const FormatRow*, 7> all{
      &mistral_format(), &harmony_format(), &gemma4_format(), &llama3_format(),
      &xml_format(),     &hermes_format(),  &plain_format()};
  return all;
}

}  // namespace

const FormatRow& plain_format() {
  static const FormatRow row{.format = OutputFormat::kPlain,
                             .asked_for = [](std::string_view) { return true; }};
  return row;
}

const FormatRow& row_of(OutputFormat format) {
  for (const FormatRow* row : rows()) {
    if (row->format == format) return *row;
  }
  return plain_format();
}

OutputFormat detect_format(std::string_view source) {
  for (const FormatRow* row : rows()) {
    if (row->asked_for(source)) return row->format;
  }
  return OutputFormat::kPlain;
}

bool detect_reasoning(std::string_view source) {
  for (const FormatRow* row : rows()) {
    for (const ReasoningMarks& marks : row->reasoning) {
      for (const std::string_view mark : {marks.opening, marks.closing}) {
        if (!mark.empty() && source.find(mark) != std::string_view::npos) return true;
      }
    }
  }
  return false;
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
  prompt = prompt.substr(0, prompt.find_last_not_of(kSpace) + 1);
  for (const FormatRow* row : rows()) {
    for (const ReasoningMarks& marks : row->reasoning) {
      if (prompt.ends_with(marks.opening)) return true;
    }
  }
  return false;
}

bool closes_reasoning(std::string_view prompt) {
  prompt = prompt.substr(0, prompt.find_last_not_of(kSpace) + 1);
  for (const FormatRow* row : rows())
    for (const ReasoningMarks& marks : row->reasoning)
      if (!marks.closing.empty() && prompt.ends_with(marks.closing)) return true;
  return false;
}

std::vector<std::string> marker_tokens(OutputFormat format, bool parse_tool_calls,
                                       bool parse_reasoning) {
  const FormatRow& row = row_of(format);
  std::vector<std::string> markers;
  const auto add = [&](const std::vector<std::string>& more) {
    for (const std::string& marker : more) {
      if (std::find(markers.begin(), markers.end(), marker) == markers.end())
        markers.push_back(marker);
    }
  };
  if (parse_reasoning) add(row.reasoning_tokens);
  if (parse_tool_calls) add(row.call_tokens);
  return markers;
}

}  // namespace sanctum::text
