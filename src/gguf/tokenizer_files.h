// tokenizer.json, tokenizer_config.json and the chat template of what is imported.
//
// Three kinds of tokenizers: byte-level BPE ("gpt2"), cut as pre_tokenizers.h knows by name;
// SentencePiece BPE with byte fallback ("llama"), written as transformers converts it; and the same
// with merges that the file has ("gemma4"). Others are refused by name.
#pragma once

#include <optional>
#include <string>

#include "gguf/architecture.h"
#include "gguf/metadata.h"
#include "gguf/token_roles.h"

namespace sanctum::gguf {

struct TokenizerFiles {
  std::string tokenizer;  // JSON
  std::string config;     // JSON
  std::optional<std::string> chat_template;
  TokenRoles roles;
  std::size_t ids = 0;  // one past the largest that a text may become
};

// Throws Error(kInvalid) naming the key that is missing, wrong, or not known.
TokenizerFiles tokenizer_files(const Metadata& metadata, Family family);

}  // namespace sanctum::gguf
