// The merges of a SentencePiece vocabulary, as transformers finds them (generate_merges of
// convert_slow_tokenizer.py): every way to make a token of two others, best score first.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "gguf/vocabulary.h"

namespace sanctum::gguf {

inline constexpr std::size_t kMergesMax = 2u << 20;  // Gemma's are about half a million
// Of all beginnings of all tokens, each of which is looked up.
inline constexpr std::uint64_t kBeginningsBytesMax = 1u << 30;

// Views into `vocabulary`'s tokens, which are those of `metadata`; a score for each of them. Throws
// Error(kInvalid) for those that take too long to take apart, by the limits above.
std::vector<std::pair<std::string_view, std::string_view>> sentence_piece_merges(
    const Metadata& metadata, const Vocabulary& vocabulary, const std::vector<double>& scores);

}  // namespace sanctum::gguf
