#include "probes/expectation.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::probes {
namespace {

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool same(const json::Node& left, const json::Node& right) {
  if (left.is_object() && right.is_object()) {
    const auto members = left.members();
    if (members.size() != right.members().size()) return false;
    return std::all_of(members.begin(), members.end(), [&](const auto& member) {
      const auto others = right.members();
      return std::any_of(others.begin(), others.end(), [&](const auto& other) {
        return other.first == member.first && same(member.second, other.second);
      });
    });
  }
  if (left.is_array() && right.is_array()) {
    const auto a = left.as_array();
    const auto b = right.as_array();
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
  }
  if (left.is_number() && right.is_number()) return left.as_double() == right.as_double();
  return left.dump() == right.dump();
}

}  // namespace

Expectation decode_expectation(const json::Node& node) {
  node.only({"contains", "equals", "last_number", "tool"});
  if (node.members().size() != 1) node.fail("must hold exactly one expectation");
  Expectation expectation;
  if (const auto text = node.get("contains")) {
    expectation.kind = Expectation::Kind::kContains;
    expectation.text = text->as_string();
  } else if (const auto whole = node.get("equals")) {
    expectation.kind = Expectation::Kind::kEquals;
    expectation.text = whole->as_string();
  } else if (const auto number = node.get("last_number")) {
    expectation.kind = Expectation::Kind::kLastNumber;
    expectation.number = number->as_double();
  } else {
    const auto tool = node.at("tool");
    expectation.kind = Expectation::Kind::kTool;
    expectation.text = tool.at("name").as_string();
    expectation.arguments_json = tool.at("arguments").dump();
  }
  return expectation;
}

std::string described(const Expectation& expectation) {
  switch (expectation.kind) {
    case Expectation::Kind::kContains:
      return "contains " + json::quote(expectation.text);
    case Expectation::Kind::kEquals:
      return "is " + json::quote(expectation.text);
    case Expectation::Kind::kLastNumber:
      return "ends in " + json::number(expectation.number);
    case Expectation::Kind::kTool:
      return "calls " + expectation.text + "(" + expectation.arguments_json + ")";
  }
  return "unknown";
}

std::string described(const client::Answer& answer) {
  if (!answer.good()) return answer.failure;
  std::string text;
  for (const auto& call : answer.tool_calls) {
    text += (text.empty() ? "calls " : ", ") + call.name + "(" + call.arguments + ")";
  }
  if (!answer.content.empty() || text.empty()) {
    text += (text.empty() ? "" : " and says ") + json::quote(answer.content);
  }
  return text;
}

bool met(const Expectation& expectation, const client::Answer& answer) {
  if (!answer.good()) return false;
  switch (expectation.kind) {
    case Expectation::Kind::kContains:
      return lowered(answer.content).find(lowered(expectation.text)) != std::string::npos;
    case Expectation::Kind::kEquals:
      return trimmed(answer.content) == trimmed(expectation.text);
    case Expectation::Kind::kLastNumber:
      return last_number(answer.content) == expectation.number;
    case Expectation::Kind::kTool:
      return answer.tool_calls.size() == 1 && answer.tool_calls[0].name == expectation.text &&
             same_json(answer.tool_calls[0].arguments, expectation.arguments_json);
  }
  return false;
}

std::optional<double> last_number(const std::string& text) {
  std::size_t end = text.size();
  while (end > 0 && !is_digit(text[end - 1])) --end;
  if (end == 0) return std::nullopt;
  std::size_t begin = end;
  const auto part_of_number = [&](std::size_t i) {
    // A point counts only between digits: "5." ends a sentence.
    return is_digit(text[i]) || (text[i] == '.' && i > 0 && is_digit(text[i - 1]));
  };
  while (begin > 0 && part_of_number(begin - 1)) --begin;
  // "7-5" holds a five, "-5" and "is -5" a minus five.
  const bool minus =
      begin > 0 && text[begin - 1] == '-' && (begin < 2 || !is_digit(text[begin - 2]));
  const double value = std::strtod(text.substr(begin, end - begin).c_str(), nullptr);
  return minus ? -value : value;
}

bool same_json(const std::string& left, const std::string& right) {
  try {
    const json::Document a(left);
    const json::Document b(right);
    return same(a.root(), b.root());
  } catch (const Error&) {
    return false;
  }
}

}  // namespace sanctum::probes
