#include "text/detokenizer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "text/control_marks.h"
#include "text/utf8_stream.h"

namespace sanctum::text {
namespace {

// Decoding ends in this while a character's bytes are incomplete; so it does behind a token that is
// one itself.
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::size_t kWindowTokensMax = 8;  // a character has four bytes

}  // namespace

Detokenizer::Detokenizer(std::shared_ptr<const Tokenizer> tokenizer,
                         const std::vector<std::string>& markers)
    : tokenizer_(std::move(tokenizer)) {
  for (std::size_t i = 0; i < markers.size(); ++i) {
    const std::optional<int> id = tokenizer_->id_of(markers[i]);
    if (id && tokenizer_->is_special(*id)) marks_.emplace_back(*id, control_mark(i));
  }
}

std::string Detokenizer::push(int id) {
  if (id < 0 || id >= tokenizer_->vocabulary()) return {};
  if (!tokenizer_->is_special(id)) {
    return tokenizer_->is_byte_level() ? push_bytes(tokenizer_->token_bytes(id)) : push_window(id);
  }
  for (const auto& [marker, mark] : marks_) {
    if (marker == id) return push_mark(id, mark);
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
  if (text.ends_with(kReplacement) && window_.size() < kWindowTokensMax) return {};
  std::string piece = text.substr(std::min(emitted_, text.size()));
  begin_window(id);
  return piece;
}

std::string Detokenizer::push_mark(int id, char mark) {
  std::string out = finish() + mark;
  if (!tokenizer_->is_byte_level()) begin_window(id);  // what follows is not the first
  return out;
}

void Detokenizer::begin_window(int id) {
  window_.assign(1, id);
  emitted_ = tokenizer_->decode(window_, false).size();
}

}  // namespace sanctum::text
