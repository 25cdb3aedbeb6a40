// An output's text that is not handed out yet, with the control marks in it spelled out.
//
// A mark counts as its marker for whoever reads the text, and is dropped where the text is shown.
// Values only, one owner at a time.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sanctum::text {

class PendingText {
 public:
  // `markers`: what the marks stand for (control_marks.h).
  explicit PendingText(std::vector<std::string> markers) : markers_(std::move(markers)) {}

  void push(std::string_view more);
  void drop(std::size_t bytes);
  // The first bytes, for the client: without what were marks.
  std::string take(std::size_t bytes);
  // The marker that came as a mark at this very byte; empty where there is none.
  std::string_view mark_at(std::size_t at) const;

  std::string_view view() const { return text_; }
  std::size_t size() const { return text_.size(); }
  bool empty() const { return text_.empty(); }

 private:
  struct Span {
    std::size_t at, size;
  };
  std::vector<std::string> markers_;
  std::string text_;
  std::deque<Span> marks_;  // where in the text they are
};

}  // namespace sanctum::text
