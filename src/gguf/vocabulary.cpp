#include "gguf/vocabulary.h"

#include <string_view>
#include <unordered_map>

#include "gguf/known_tokens.h"

namespace sanctum::gguf {
namespace {

void write_sequence(json::Writer& w, const char* id, int type) {
  w.begin_object().key("Sequence").begin_object();
  w.field("id", id).field("type_id", type).end_object().end_object();
}

void write_special(json::Writer& w, const std::string& text, int type) {
  if (text.empty()) return;
  w.begin_object().key("SpecialToken").begin_object();
  w.field("id", text).field("type_id", type).end_object().end_object();
}

void write_ids(json::Writer& w, const std::string& text, int id) {
  if (text.empty()) return;
  w.key(text).begin_object().field("id", text).key("ids").begin_array().value(id).end_array();
  w.key("tokens").begin_array().value(text).end_array().end_object();
}

}  // namespace

Vocabulary read_vocabulary(const Metadata& metadata) {
  constexpr const char *kTokens = "tokenizer.ggml.tokens", *kKinds = "tokenizer.ggml.token_type";
  Vocabulary out;
  out.tokens = metadata.strings(kTokens);
  for (std::size_t i = 0; i < out.tokens.size(); ++i)
    if (out.tokens[i].size() > kTokenBytesMax)
      metadata.fail(kTokens, "has " + std::to_string(out.tokens[i].size()) +
                                 " bytes for the token " + std::to_string(i) +
                                 ", over the limit of " + std::to_string(kTokenBytesMax));
  const auto& kinds = metadata.integers(kKinds);
  if (kinds.size() != out.tokens.size())
    metadata.fail(kKinds, "has " + std::to_string(kinds.size()) + " entries for " +
                              std::to_string(out.tokens.size()) + " tokens");
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const std::int64_t kind = kinds[i];
    if (kind < static_cast<std::int64_t>(TokenKind::kNormal) ||
        kind > static_cast<std::int64_t>(TokenKind::kByte))
      metadata.fail(kKinds, "has the unknown kind " + std::to_string(kind));
    const bool raised =
        static_cast<TokenKind>(kind) == TokenKind::kNormal && is_control_by_name(out.tokens[i]);
    out.kinds.push_back(raised ? TokenKind::kControl : static_cast<TokenKind>(kind));
  }
  std::unordered_map<std::string_view, std::size_t> ids;
  for (std::size_t i = 0; i < out.tokens.size(); ++i) {
    if (out.kinds[i] == TokenKind::kUnused) continue;
    const auto [first, is_new] = ids.emplace(out.tokens[i], i);
    if (!is_new)
      metadata.fail(kTokens, "has one text for the tokens " + std::to_string(first->second) +
                                 " and " + std::to_string(i));
  }
  return out;
}

void write_added_token(json::Writer& w, int id, const std::string& text, bool special,
                       bool rstrip) {
  w.begin_object().field("id", id).field("content", text).field("single_word", false);
  w.field("lstrip", false).field("rstrip", rstrip).field("normalized", false);
  w.field("special", special).end_object();
}

std::string around_text(const std::string& before, int before_id, const std::string& after,
                        int after_id) {
  if (before.empty() && after.empty()) return "null";
  json::Writer w;
  w.begin_object().field("type", "TemplateProcessing").key("single").begin_array();
  write_special(w, before, 0);
  write_sequence(w, "A", 0);
  write_special(w, after, 0);
  w.end_array().key("pair").begin_array();
  write_special(w, before, 0);
  write_sequence(w, "A", 0);
  write_special(w, after, 0);
  write_special(w, before, 1);
  write_sequence(w, "B", 1);
  write_special(w, after, 1);
  w.end_array().key("special_tokens").begin_object();
  write_ids(w, before, before_id);
  if (after != before) write_ids(w, after, after_id);
  return w.end_object().end_object().take();
}

}  // namespace sanctum::gguf
