// The merges of a SentencePiece vocabulary, as transformers finds them (generate_merges of
// convert_slow_tokenizer.py): every way to make a token of two others, best score first.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "gguf/vocabulary.h"

namespace sanctum::gguf {

// Views into `vocabulary`'s tokens; a score for each of them.
std::vector<std::pair<std::string_view, std::string_view>> sentence_piece_merges(
    const Vocabulary& vocabulary, const std::vector<double>& scores);

}  // namespace sanctum::gguf
