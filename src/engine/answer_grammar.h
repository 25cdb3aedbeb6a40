// The grammar of a whole answer, from what its request binds and how its model thinks aloud.
// Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "text/output_format.h"
#include "text/tokenizer.h"
#include "wire/messages.h"

namespace sanctum::engine {

// How an answer begins, before what is bound.
struct AnswerPlace {
  text::OutputFormat format = text::OutputFormat::kPlain;
  bool reasons = false;              // the model may think first
  bool starts_in_reasoning = false;  // the prompt has opened the thought
  bool has_reasoned = false;         // and closed it: there is to be none
};

// What binds it. Calls and a structure: it is one or the other.
struct AnswerBounds {
  wire::Structure structure = {};
  std::vector<text::BoundTool> tools = {};  // that may be called
  bool call_required = false, parallel = true;
  std::set<std::string> left_out = {};  // keywords of schemas, already
};

// Of a request; tools that are not strict have their schema's keywords left out that cannot be
// enforced. Throws Error(kInvalid).
AnswerBounds bounds_of(const wire::GenerateRequest& request);
// Whether a model's calls can be bound at all.
bool binds_calls(text::OutputFormat format);

// Lark, as text/grammar.h compiles it. Throws Error(kInvalid) where the structure makes no sense,
// and for a strict tool that cannot be said in the model's spelling. `left_out`: the keywords of
// others that are not said.
std::string answer_grammar(const AnswerBounds& bounds, const AnswerPlace& place,
                           const text::Tokenizer& tokenizer,
                           std::set<std::string>* left_out = nullptr);

}  // namespace sanctum::engine
