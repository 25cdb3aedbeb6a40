#include "engine/bound_grammar.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::engine {
namespace {

constexpr const char* kAnyObject = R"({"type":"object"})";

// Why it cannot be bound; nothing where it can.
std::optional<Error> refusal(const text::BoundTool& tool, const AnswerPlace& place,
                             const text::Tokenizer& tokenizer, const Compile& compile) {
  try {
    compile(answer_grammar({{}, {tool}, true, true}, place, tokenizer));
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUnavailable) throw;  // no fault of the tool
    return error;
  }
}

// Each can be bound, and all together cannot: those that hold most go, to a half of what there is.
bool loosen_largest(std::vector<text::BoundTool>& tools, std::vector<std::string>& named) {
  std::vector<text::BoundTool*> loose;
  std::size_t bytes = 0;
  for (auto& tool : tools) {
    bytes += tool.schema.size();
    if (!tool.strict) loose.push_back(&tool);
  }
  std::sort(loose.begin(), loose.end(),
            [](const auto* a, const auto* b) { return a->schema.size() > b->schema.size(); });
  std::size_t left = bytes;
  for (auto* tool : loose) {
    if (left <= bytes / 2) break;
    left -= tool->schema.size();
    tool->schema = kAnyObject;
    named.push_back("all of " + tool->name);
  }
  return !named.empty();
}

// `named`: what of the tools is left out already.
BoundGrammar compiled(const AnswerBounds& bounds, const AnswerPlace& place,
                      const text::Tokenizer& tokenizer, const Compile& compile,
                      std::vector<std::string> named) {
  std::set<std::string> unsaid;
  const std::string source = answer_grammar(bounds, place, tokenizer, &unsaid);
  unsaid.insert(bounds.left_out.begin(), bounds.left_out.end());
  named.insert(named.end(), unsaid.begin(), unsaid.end());
  CompiledGrammar made = compile(source);
  for (const auto& keyword : made.grammar->not_enforced())
    if (std::find(named.begin(), named.end(), keyword) == named.end()) named.push_back(keyword);
  if (named.size() > wire::kIgnoredMax) named.resize(wire::kIgnoredMax);
  return {std::move(made.grammar), made.bytes, std::move(named)};
}

}  // namespace

std::string grammar_key(const AnswerBounds& bounds, const AnswerPlace& place) {
  json::Writer w;
  w.begin_array();
  w.value(static_cast<int>(place.format)).value(place.reasons).value(place.starts_in_reasoning);
  w.value(place.has_reasoned);
  w.value(static_cast<int>(bounds.structure.kind)).value(bounds.structure.text);
  w.value(bounds.structure.lenient).value(bounds.call_required).value(bounds.parallel);
  for (const auto& tool : bounds.tools) w.value(tool.name).value(tool.schema).value(tool.strict);
  for (const auto& keyword : bounds.left_out) w.value(keyword);
  return w.end_array().take();
}

BoundGrammar compile_bound(AnswerBounds bounds, const AnswerPlace& place,
                           const text::Tokenizer& tokenizer, const Compile& compile) {
  try {
    return compiled(bounds, place, tokenizer, compile, {});
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUnavailable) throw;
    std::vector<std::string> named;
    for (auto& tool : bounds.tools) {
      const auto why = refusal(tool, place, tokenizer, compile);
      if (!why) continue;
      if (tool.strict)
        throw Error(why->code(), "the strict tool '" + tool.name + "': " + why->what(), "tools");
      if (named.size() == kOddToolsMax) throw;
      tool.schema = kAnyObject;
      named.push_back("all of " + tool.name);
    }
    if (named.empty() && !loosen_largest(bounds.tools, named)) throw;
    return compiled(bounds, place, tokenizer, compile, std::move(named));
  }
}

}  // namespace sanctum::engine
