#include "text/pending_text.h"

#include <algorithm>

#include "text/control_marks.h"

namespace sanctum::text {

void PendingText::push(std::string_view more) {
  for (const char byte : more) {
    const auto marker = marker_of(byte);
    if (!marker) {
      text_ += byte;
    } else if (*marker < markers_.size()) {
      marks_.push_back({text_.size(), markers_[*marker].size()});
      text_ += markers_[*marker];
    }
  }
}

void PendingText::drop(std::size_t bytes) {
  text_.erase(0, bytes);
  while (!marks_.empty() && marks_.front().at < bytes) marks_.pop_front();
  for (Span& mark : marks_) mark.at -= bytes;
}

std::string PendingText::take(std::size_t bytes) {
  std::string head;
  std::size_t from = 0;
  for (const Span& mark : marks_) {
    if (mark.at >= bytes) break;
    head.append(text_, from, mark.at - from);
    from = std::min(mark.at + mark.size, bytes);
  }
  head.append(text_, from, bytes - from);
  drop(bytes);
  return head;
}

std::string_view PendingText::mark_at(std::size_t at) const {
  const auto mark =
      std::lower_bound(marks_.begin(), marks_.end(), at,
                       [](const Span& span, std::size_t byte) { return span.at < byte; });
  if (mark == marks_.end() || mark->at != at) return {};
  return std::string_view(text_).substr(at, mark->size);
}

}  // namespace sanctum::text
