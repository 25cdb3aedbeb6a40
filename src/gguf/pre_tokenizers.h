// How a byte-level tokenizer cuts text before it merges, by the name that GGUF files have for it.
//
// llama.cpp keeps these as code under a name (tokenizer.ggml.pre); what tokenizer.json says of the
// same models stands in the table, in its own words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gguf/metadata.h"

namespace sanctum::gguf {

struct PreTokenizer {
  std::vector<std::string_view> names;
  std::vector<std::string_view> splits = {};  // regular expressions, one after another, isolated
  bool digits = false;                        // each digit by itself, after the splits
  bool gpt2_words = false;                    // cut as GPT-2 does, at last
  bool nfc = false;                           // normalized before
  bool ignore_merges = false;                 // a piece that is a token is not merged
  bool begins_with_bos = false;               // where the file does not say
};

// Of tokenizer.ggml.pre. Throws Error(kInvalid) naming the key and the names that are known.
const PreTokenizer& pre_tokenizer(const Metadata& metadata);
// In the words of tokenizer.json.
std::string pre_tokenizer_json(const PreTokenizer& pre);

}  // namespace sanctum::gguf
