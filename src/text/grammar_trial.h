// A grammar compiled to be thrown away, in a process that may end of it (template_renderer.h):
// compiling takes as much time and memory as a client's schema likes.
//
// Thread rule: one thread of such a process.
#pragma once

#include <cstdint>
#include <string_view>

namespace sanctum::text {

// `source` as GrammarVocabulary::compile takes it. The bytes that its grammar holds, where the
// process's memory is bounded; else 0. Throws Error(kInvalid) saying what is wrong with it.
std::uint64_t try_grammar(std::string_view source);

}  // namespace sanctum::text
