#include "text/detokenizer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "text/utf8_stream.h"

namespace sanctum::text {
namespace {

// Decoding ends in this while a character's bytes are incomplete.
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace

Detokenizer::Detokenizer(std::shared_ptr<const Tokenizer> tokenizer,
                         const std::vector<std::string>& shown)
    : tokenizer_(std::move(tokenizer)) {
  for (const std::string& token : shown) {
    if (const std::optional<int> id = tokenizer_->id_of(token)) {
      shown_.emplace_back(*id, tokenizer_->is_special(*id) ? token : std::string());
    }
  }
}

std::string Detokenizer::push(int id) {
  if (id < 0 || id >= tokenizer_->vocabulary()) return {};
  if (!tokenizer_->is_special(id)) {
    return tokenizer_->is_byte_level() ? push_bytes(tokenizer_->token_bytes(id)) : push_window(id);
  }
  for (const auto& [marker, text] : shown_) {
    if (marker != id) continue;
    return tokenizer_->is_byte_level() ? push_bytes(text) : push_window(id);
  }
  return {};
}

std::string Detokenizer::finish() {
  std::string rest = take_characters(bytes_, true);
  if (!window_.empty()) {
    // A decoder may turn what is out already into something shorter.
    const std::string text = tokenizer_->decode(window_, false);
    rest += text.substr(std::min(emitted_, text.size()));
  }
  window_.clear();
  emitted_ = 0;
  return rest;
}

std::string Detokenizer::push_bytes(const std::string& bytes) {
  bytes_ += bytes;
  return take_characters(bytes_, false);
}

// Decoders other than byte-level look at neighbours: at whether a token is the first, and at runs
// of byte tokens. So a token is decoded behind the one before it, and the difference is new.
std::string Detokenizer::push_window(int id) {
  window_.push_back(id);
  if (tokenizer_->is_byte_fallback(id)) return {};
  const std::string text = tokenizer_->decode(window_, false);
  if (text.ends_with(kReplacement)) return {};
  std::string piece = text.substr(std::min(emitted_, text.size()));
  window_.assign(1, id);
  emitted_ = tokenizer_->decode(window_, false).size();
  return piece;
}

}  // namespace sanctum::text
