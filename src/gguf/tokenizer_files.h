// tokenizer.json, tokenizer_config.json and the chat template of what is imported.
//
// Two kinds of tokenizers: byte-level BPE ("gpt2"), cut as pre_tokenizers.h knows by name, and
// SentencePiece BPE with byte fallback ("llama"), written as transformers converts it. Others are
// refused by name.
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
};

// Throws Error(kInvalid) naming the key that is missing, wrong, or not known.
TokenizerFiles tokenizer_files(const Metadata& metadata, Family family);

}  // namespace sanctum::gguf
