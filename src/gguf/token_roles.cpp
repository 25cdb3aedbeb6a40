#include "gguf/token_roles.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/error.h"
#include "gguf/known_tokens.h"

namespace sanctum::gguf {
namespace {

void add(std::vector<int>& ids, int id) {
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

void add_by_name(const Vocabulary& vocabulary, std::vector<int>& ids) {
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const TokenKind kind = vocabulary.kinds[i];
    if (kind != TokenKind::kControl && kind != TokenKind::kUserDefined) continue;
    if (ends_answer_by_name(vocabulary.tokens[i])) add(ids, static_cast<int>(i));
  }
}

// Where <|return|> or <|flush|> ends an answer, and <|call|> or <|calls|> one that calls, <|end|>
// ends a message alone.
void remove_end_of_message(const Vocabulary& vocabulary, std::vector<int>& ids) {
  const auto text = [&](int id) -> const std::string& {
    return vocabulary.tokens[static_cast<std::size_t>(id)];
  };
  const auto has = [&](std::string_view one, std::string_view other) {
    return std::any_of(ids.begin(), ids.end(),
                       [&](int id) { return text(id) == one || text(id) == other; });
  };
  if (has("<|return|>", "<|flush|>") && has("<|call|>", "<|calls|>"))
    std::erase_if(ids, [&](int id) { return text(id) == "<|end|>"; });
}

}  // namespace

TokenRoles token_roles(const Metadata& metadata, const Vocabulary& vocabulary,
                       bool bos_by_default) {
  const auto last = static_cast<std::int64_t>(vocabulary.tokens.size()) - 1;
  const auto id = [&](const char* role) -> std::optional<int> {
    const std::string key = std::string("tokenizer.ggml.") + role + "_token_id";
    const auto found = metadata.integer_if(key, 0, last);
    return found ? std::optional(static_cast<int>(*found)) : std::nullopt;
  };
  const auto id_or_none = [&](const char* role) -> std::optional<int> {
    try {
      return id(role);
    } catch (const Error&) {
      return std::nullopt;
    }
  };
  TokenRoles roles;
  roles.bos = id("bos");
  roles.unknown = id_or_none("unknown");
  roles.padding = id_or_none("padding");
  roles.add_bos = roles.bos && metadata.flag_or("tokenizer.ggml.add_bos_token", bos_by_default);
  const std::optional<int> eos = id("eos");
  if (eos) add(roles.ends, *eos);
  if (constexpr const char* kAll = "tokenizer.ggml.eos_token_ids"; metadata.has(kAll)) {
    for (const std::int64_t one : metadata.integers(kAll)) {
      if (one < 0 || one > last)
        metadata.fail(kAll, "has " + std::to_string(one) + ", which is no token's");
      add(roles.ends, static_cast<int>(one));
    }
  }
  for (const char* role : {"eot", "eom"})
    if (const auto end = id(role)) add(roles.ends, *end);
  add_by_name(vocabulary, roles.ends);
  remove_end_of_message(vocabulary, roles.ends);
  roles.add_eos = eos && !roles.ends.empty() && roles.ends.front() == *eos &&
                  metadata.flag_or("tokenizer.ggml.add_eos_token", false);
  return roles;
}

}  // namespace sanctum::gguf
