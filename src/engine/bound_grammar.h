// The compiled grammar of an answer, whatever its tools' schemas are: a tool that is not strict and
// cannot be compiled may be called with any object, and is named.
//
// Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/answer_grammar.h"
#include "text/grammar.h"

namespace sanctum::engine {

struct BoundGrammar {
  std::shared_ptr<const text::Grammar> grammar;
  std::uint64_t bytes = 0;                // that it holds, about
  std::vector<std::string> not_enforced;  // as wire::Accepted tells them
};

inline constexpr std::size_t kOddToolsMax = 8;  // that may be called with any object

// Compiles a source, and says what it holds. Throws Error(kInvalid) saying what is wrong with it.
struct CompiledGrammar {
  std::shared_ptr<const text::Grammar> grammar;
  std::uint64_t bytes = 0;
};
using Compile = std::function<CompiledGrammar(const std::string& source)>;

// The same for answers that one grammar binds.
std::string grammar_key(const AnswerBounds& bounds, const AnswerPlace& place);
// Throws Error(kInvalid) for what cannot be bound and has to be.
BoundGrammar compile_bound(AnswerBounds bounds, const AnswerPlace& place,
                           const text::Tokenizer& tokenizer, const Compile& compile);

}  // namespace sanctum::engine
