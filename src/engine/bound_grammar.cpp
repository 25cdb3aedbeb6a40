#include "engine/bound_grammar.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::engine {
namespace {

constexpr const char* kAnyObject = R"({"type":"object"})";

bool can_be_bound(const text::BoundTool& tool, const AnswerPlace& place,
                  const text::Tokenizer& tokenizer, const text::GrammarVocabulary& vocabulary) {
  try {
    vocabulary.compile(answer_grammar({{}, {tool}, true, true}, place, tokenizer));
    return true;
  } catch (const Error&) {
    return false;
  }
}

BoundGrammar told(std::shared_ptr<const text::Grammar> grammar, std::vector<std::string> named) {
  named.insert(named.end(), grammar->not_enforced().begin(), grammar->not_enforced().end());
  if (named.size() > wire::kNotEnforcedMax) named.resize(wire::kNotEnforcedMax);
  return {std::move(grammar), std::move(named)};
}

}  // namespace

std::string grammar_key(const AnswerBounds& bounds, const AnswerPlace& place) {
  json::Writer w;
  w.begin_array();
  w.value(static_cast<int>(place.format)).value(place.reasons).value(place.starts_in_reasoning);
  w.value(static_cast<int>(bounds.structure.kind)).value(bounds.structure.text);
  w.value(bounds.structure.lenient).value(bounds.call_required).value(bounds.parallel);
  for (const auto& tool : bounds.tools) w.value(tool.name).value(tool.schema).value(tool.strict);
  return w.end_array().take();
}

BoundGrammar compile_bound(AnswerBounds bounds, const AnswerPlace& place,
                           const text::Tokenizer& tokenizer,
                           const text::GrammarVocabulary& vocabulary) {
  try {
    return told(vocabulary.compile(answer_grammar(bounds, place, tokenizer)), {});
  } catch (const Error&) {
    std::vector<std::string> named;
    for (auto& tool : bounds.tools) {
      if (tool.strict || can_be_bound(tool, place, tokenizer, vocabulary)) continue;
      tool.schema = kAnyObject;
      named.push_back("all of " + tool.name);
    }
    if (named.empty()) throw;
    return told(vocabulary.compile(answer_grammar(bounds, place, tokenizer)), std::move(named));
  }
}

}  // namespace sanctum::engine
