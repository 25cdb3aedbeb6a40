#include "engine/answer_grammar.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "engine/thought.h"
#include "text/grammar_limits.h"

namespace sanctum::engine {
namespace {

using wire::StructureKind;

// A mark as the model writes it: a token of its own, or a text.
std::string mark(std::string_view text, const text::Tokenizer& tokenizer) {
  if (const auto id = tokenizer.id_of(text)) return "<[" + std::to_string(*id) + "]>";
  // Gemma's "<|channel>thought": a token, and a text behind it.
  const std::size_t end = text.find('>');
  if (end != std::string_view::npos && end + 1 < text.size())
    if (const auto id = tokenizer.id_of(text.substr(0, end + 1)))
      return "<[" + std::to_string(*id) + "]> " + json::quote(text.substr(end + 1));
  return json::quote(text);
}

bool is_text(const std::string& mark) {
  return mark.starts_with('"');
}

std::string escaped_in_regex(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\/.+*?()[]{}|^$&~#-").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// Lark writes them between slashes, on one line.
std::string regex_literal(const std::string& pattern) {
  std::string out = "/";
  bool escaped = false;
  for (const char c : pattern) {
    if (c == '\n' || c == '\r') {
      out += c == '\n' ? (escaped ? "n" : "\\n") : (escaped ? "r" : "\\r");
    } else {
      if (c == '/' && !escaped) out += '\\';
      out += c;
    }
    escaped = c == '\\' && !escaped;
  }
  return out + "/";
}

std::string choices(const std::string& text) {
  const json::Document document(text, "structure.text");
  std::string all;
  for (const auto& choice : document.root().as_array(wire::kChoicesMax))
    all += (all.empty() ? "" : " | ") + json::quote(choice.as_string());
  if (all.empty()) document.root().fail("must not be empty");
  return all;
}

// The rule `answer`.
std::string answer_rule(const wire::Structure& structure) {
  switch (structure.kind) {
    case StructureKind::kNone:
      return "answer: /(?s:.*)/";
    case StructureKind::kJsonObject:
      return "answer: " + text::json_of(R"({"type":"object"})", true);
    case StructureKind::kJsonSchema:
      return "answer: " + text::json_of(structure.text, !structure.lenient);
    case StructureKind::kRegex:
      return "answer: " + regex_literal(structure.text);
    case StructureKind::kChoice:
      return "answer: " + choices(structure.text);
    case StructureKind::kLark:
      text::check_lark(structure.text);
      return "answer: %lark {\n" + structure.text + "\n}";
  }
  return {};
}

// gpt-oss: what it thinks and what it says are channels, and end with tokens of their own.
std::string harmony_rules(const text::Tokenizer& tokenizer) {
  const auto m = [&](std::string_view text) { return mark(text, tokenizer); };
  return "start: thought* body\nthought: " + m("<|channel|>") + " \"analysis\" " +
         m("<|message|>") + " THOUGHT " + m("<|end|>") + " " + m("<|start|>") +
         " \"assistant\"\nTHOUGHT: /(?s:.*)/\n";
}

// What stands before the text that a person reads.
std::string before_content(const AnswerPlace& place, const text::Tokenizer& tokenizer) {
  if (place.format != text::OutputFormat::kHarmony) return {};
  return mark("<|channel|>", tokenizer) + " \"final\" " + mark("<|message|>", tokenizer) + " ";
}

std::string thinking_rules(const AnswerPlace& place, const text::Tokenizer& tokenizer) {
  if (!place.reasons || place.has_reasoned) return "start: body\n";
  const text::ReasoningMarks& marks = reasoning_marks(place.format, tokenizer);
  const std::string opening = mark(marks.opening, tokenizer);
  const std::string closing = mark(marks.closing, tokenizer);
  const bool text_ends_it = is_text(closing);
  const std::string thought = text_ends_it
                                  ? "thought[lazy]: /(?s:.*)/ " + closing + "\n"
                                  : "thought: THOUGHT " + closing + "\nTHOUGHT: /(?s:.*)/\n";
  const std::string begins =
      place.starts_in_reasoning ? "thought WS body" : "body | " + opening + " thought WS body";
  return "start: " + begins + "\n" + thought + "WS: /[ \\n]{0,4}/\n";
}

// Without what a parser would take for a thought.
std::string without_thoughts(const text::FormatRow& row, const text::Tokenizer& tokenizer) {
  std::string rule;
  for (const text::ReasoningMarks& marks : row.reasoning)
    if (is_text(mark(marks.opening, tokenizer)))
      rule += std::string(" & ~/") + (marks.anywhere ? "(?s:.*)" : "[ \\t\\r\\n]*") +
              escaped_in_regex(marks.opening) + "(?s:.*)/";
  return rule;
}

// What is said before calls, or instead of them: it holds no mark that opens one, but for `lead`,
// which ends with it. Content is read as far as it goes, so a mark that is a text cannot follow it.
std::string content_rule(const text::FormatRow& row, bool reasons,
                         const text::Tokenizer& tokenizer) {
  if (row.bare) return "CONTENT: /[^{ \\t\\r\\n](?s:.*)/\n";
  std::string rule = "CONTENT: /(?s:.+)/";
  for (const std::string_view opening : row.openings)
    if (is_text(mark(opening, tokenizer)))
      rule += " & ~/(?s:.*)" + escaped_in_regex(opening) + "(?s:.*)/";
  if (reasons) rule += without_thoughts(row, tokenizer);
  const std::string opening = row.openings.empty() ? "" : mark(row.openings.front(), tokenizer);
  return rule + "\n" + (is_text(opening) ? "lead[lazy]: CONTENT " + opening + "\n" : "");
}

// What an answer may be where calls may come, and need not.
std::string calls_or_content(const text::FormatRow& row, const std::string& before,
                             const text::Tokenizer& tokenizer) {
  const bool apart = row.bare || !before.empty();  // the one or the other
  if (apart) return "body: calls | " + before + "CONTENT?\n";
  if (is_text(mark(row.openings.front(), tokenizer)))
    return "body: calls | lead opened | CONTENT?\n";
  return "body: CONTENT? calls | CONTENT?\n";
}

std::string body_rules(const AnswerBounds& bounds, const AnswerPlace& place,
                       const text::Tokenizer& tokenizer, std::set<std::string>& left_out) {
  const std::string before = before_content(place, tokenizer);
  const std::string answer = answer_rule(bounds.structure) + "\n";
  if (bounds.tools.empty()) return "body: " + before + "answer\n" + answer;
  const text::FormatRow& row = text::row_of(place.format);
  const text::CallRules rules{bounds.tools, bounds.parallel,
                              [&](std::string_view text) { return mark(text, tokenizer); },
                              [&](const std::string& what) { left_out.insert(what); }};
  const std::string calls = row.call_rules(rules);
  if (bounds.call_required) return "body: calls\n" + calls;
  if (bounds.structure.kind != StructureKind::kNone)
    return "body: calls | " + before + "answer\n" + calls + answer;
  return calls_or_content(row, before, tokenizer) + calls +
         content_rule(row, place.reasons, tokenizer);
}

}  // namespace

bool binds_calls(text::OutputFormat format) {
  return text::row_of(format).call_rules != nullptr;
}

namespace {

// Arguments are an object, also where their schema does not say so.
std::string arguments_schema(const json::Node& function, bool strict,
                             std::set<std::string>& left_out) {
  const auto parameters = function.get("parameters");
  if (parameters && parameters->has("type")) {
    const json::Node type = parameters->at("type");
    if (!type.is_string() || type.as_string() != "object")
      throw Error(ErrorCode::kInvalid,
                  "the parameters of '" + function.at("name").as_string() +
                      "' must be of the type \"object\"",
                  "tools");
    return text::within_lengths(*parameters, strict, left_out);
  }
  json::Writer w;
  w.begin_object().field("type", "object");
  if (parameters)
    for (const auto& [key, value] : parameters->members())
      w.key(key).raw(text::within_lengths(value, strict, left_out));
  return w.end_object().take();
}

}  // namespace

AnswerBounds bounds_of(const wire::GenerateRequest& request) {
  AnswerBounds bounds{
      request.structure, {}, request.tool_use.required, request.tool_use.parallel, {}};
  if (bounds.structure.kind == StructureKind::kJsonSchema)
    bounds.structure.text =
        text::within_lengths(json::Document(bounds.structure.text, "structure").root(),
                             !bounds.structure.lenient, bounds.left_out);
  if (request.tools_json.empty() || !request.parse_tool_calls) return bounds;
  const auto& names = request.tool_use.names;
  const json::Document document(request.tools_json, "tools");
  for (const auto& tool : document.root().as_array(wire::kToolsMax)) {
    const json::Node function = tool.at("function");
    const std::string name = function.at("name").as_string();
    if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) continue;
    const bool strict = function.as_bool_or("strict", false);
    bounds.tools.push_back({name, arguments_schema(function, strict, bounds.left_out), strict});
  }
  return bounds;
}

std::string answer_grammar(const AnswerBounds& bounds, const AnswerPlace& place,
                           const text::Tokenizer& tokenizer, std::set<std::string>* left_out) {
  const std::string rules = place.format == text::OutputFormat::kHarmony
                                ? harmony_rules(tokenizer)
                                : thinking_rules(place, tokenizer);
  std::set<std::string> unsaid;
  std::string source = rules + body_rules(bounds, place, tokenizer, unsaid);
  if (left_out != nullptr) *left_out = std::move(unsaid);
  return source;
}

}  // namespace sanctum::engine
