#include "engine/thought.h"

#include <algorithm>
#include <string>
#include <utility>

#include "text/utf8_stream.h"

namespace sanctum::engine {
namespace {

constexpr std::size_t kSaidBytesMax = 256;  // more than a mark and a token have

}  // namespace

const text::ReasoningMarks& reasoning_marks(text::OutputFormat format,
                                            const text::Tokenizer& tokenizer) {
  const auto& all = text::row_of(format).reasoning;
  const auto known = std::find_if(all.begin(), all.end(), [&](const text::ReasoningMarks& marks) {
    return tokenizer.id_of(marks.opening).has_value();
  });
  return known == all.end() ? all.front() : *known;
}

Thought::Marks Thought::marks(text::OutputFormat format, const text::Tokenizer& tokenizer) {
  const text::ReasoningMarks& spelled = reasoning_marks(format, tokenizer);
  const text::FormatRow& row = text::row_of(format);
  const std::string closing(spelled.closing.empty() ? row.thought_closing : spelled.closing);
  const std::string end =
      row.thought_end.empty() ? "\n" + closing + "\n\n" : std::string(row.thought_end);
  Marks marks{tokenizer.encode(spelled.opening, false), tokenizer.encode(closing, false),
              tokenizer.encode(end, false), spelled.anywhere};
  if (!tokenizer.id_of(closing)) marks.closing_text = closing;
  const std::size_t shared = tokenizer.encode(row.thought_opening_shared, false).size();
  if (shared < marks.opening.size() && (shared > 0 || tokenizer.is_special(marks.opening[0])))
    marks.telling = shared;
  return marks;
}

Thought::Thought(Marks marks, bool begun, std::optional<int> tokens_max, Bytes bytes)
    : marks_(std::move(marks)),
      tokens_max_(tokens_max),
      bytes_(std::move(bytes)),
      inside_(begun),
      at_start_(!begun) {}

bool Thought::ends_with(std::span<const int> mark) const {
  return !mark.empty() && last_.size() >= mark.size() &&
         std::equal(mark.rbegin(), mark.rend(), last_.rbegin());
}

void Thought::take(int token) {
  last_.push_back(token);
  if (last_.size() > std::max(marks_.opening.size(), marks_.closing.size()))
    last_.erase(last_.begin());
  if (const auto wanted = forced()) {
    ending_ = token == *wanted ? ending_ + 1 : 0;
    if (ending_ == marks_.end.size()) {
      inside_ = false;
      ending_ = 0;
    }
    return;
  }
  if (!inside_) {
    inside_ = opens(token);
    return;
  }
  ++tokens_;
  const std::string bytes = bytes_(token);
  said_ += bytes;
  if (said_.size() > kSaidBytesMax) said_.erase(0, said_.size() - kSaidBytesMax);
  character_ += bytes;
  text::take_characters(character_, /*at_end=*/false);
  if (!closes()) return;
  inside_ = false;
  said_.clear();
  tokens_ -= std::min(tokens_, static_cast<int>(marks_.closing.size()));
}

std::optional<int> Thought::forced() const {
  if (!inside_ || !tokens_max_ || marks_.end.empty()) return std::nullopt;
  if (ending_ == 0 && (!is_spent() || !character_.empty())) return std::nullopt;
  return marks_.end[ending_];
}

// One that may stand anywhere would be opened and ended at once, and perhaps again, for ever.
std::optional<int> Thought::refused() const {
  if (inside_ || !marks_.anywhere || !marks_.telling || !is_spent()) return std::nullopt;
  const std::span<const int> before(marks_.opening.data(), *marks_.telling);
  if (!before.empty() && !ends_with(before)) return std::nullopt;
  return marks_.opening[*marks_.telling];
}

bool Thought::closes() const {
  if (marks_.closing_text.empty()) return ends_with(marks_.closing);
  return said_.find(marks_.closing_text) != std::string::npos;
}

bool Thought::opens(int token) {
  if (marks_.anywhere) return ends_with(marks_.opening);
  if (!at_start_) return false;
  if (opening_ < marks_.opening.size() && token == marks_.opening[opening_])
    return ++opening_ == marks_.opening.size();
  const std::string said = bytes_(token);
  at_start_ = opening_ == 0 && said.find_first_not_of(" \t\r\n") == std::string::npos;
  return false;
}

}  // namespace sanctum::engine
