#include "text/marked_reader.h"

#include <algorithm>
#include <utility>

#include "text/markers.h"

namespace sanctum::text {
namespace {

class MarkedReader : public OutputReader {
 public:
  MarkedReader(const FormatRow& row, MarkedOptions options)
      : row_(row), options_(std::move(options)) {
    if (options_.tool_calls) {
      call_markers_ = row_.openings;
      call_markers_.insert(call_markers_.end(), row_.closings.begin(), row_.closings.end());
      content_markers_ = call_markers_;
    }
    for (const ReasoningMarks& marks : row_.reasoning) {
      if (!options_.reasoning) break;
      reasoning_openings_.push_back(marks.opening);
      reasoning_closings_.push_back(marks.closing);
      if (marks.anywhere) content_markers_.push_back(marks.opening);
    }
  }

  bool step(PendingText& text, OutputSink& sink, bool at_end) override {
    if (trim_) text.drop(leading(text.view()));
    if (text.empty()) return false;
    trim_ = false;
    switch (mode_) {
      case Mode::kStart:
        return start(text, at_end);
      case Mode::kReasoning:
        return think(text, sink, at_end);
      case Mode::kBare:
        return bare(text, at_end);
      case Mode::kContent:
        return content(text, sink, at_end);
      case Mode::kCall:
        return call(text, sink, at_end);
      case Mode::kAfterCall:
        return after_call(text, at_end);
    }
    return false;
  }

  void end(PendingText& text, OutputSink& sink, Ending ending) override {
    while (mode_ == Mode::kCall && !begun_ && !text.empty()) {
      // What a limit or a stop string cut would have been a call.
      if ((marked_ || follows_) && ending == Ending::kCut) return text.drop(text.size());
      show_beginning(text, sink);
      while (step(text, sink, true)) {
      }
    }
    if (mode_ != Mode::kCall || !begun_) return;
    reader_->cut();
    sink.arguments(reader_->take_arguments());
    if (!reader_->complete()) sink.cut();
  }

 private:
  enum class Mode { kStart, kReasoning, kBare, kContent, kCall, kAfterCall };

  bool enter(Mode next) {
    mode_ = next;
    return true;
  }
  bool enter_trimmed(Mode next) {
    trim_ = true;
    return enter(next);
  }
  // `marker` stands before `body`; empty where none does.
  bool enter_call(std::size_t body, std::string_view marker) {
    body_ = scanned_ = body;
    marked_ = !marker.empty();
    follows_ = mode_ == Mode::kAfterCall;
    reader_ = row_.reader(options_.tools, marker);
    begun_ = false;
    return enter(Mode::kCall);
  }
  bool enter_reasoning(const ReasoningMarks& marks) {
    reasoning_closings_ = {marks.closing};
    return enter_trimmed(Mode::kReasoning);
  }
  const ReasoningMarks* reasoning_of(std::string_view opening) const {
    for (const ReasoningMarks& marks : row_.reasoning) {
      if (options_.reasoning && marks.opening == opening) return &marks;
    }
    return nullptr;
  }

  bool start(PendingText& text, bool at_end) {
    const std::size_t space = leading(text.view());
    const Found found = match_any(text.view().substr(space), reasoning_openings_);
    if (found.match == Match::kPartly && !at_end) return false;
    if (found.match == Match::kWhole) {
      const ReasoningMarks& marks = *reasoning_of(found.marker);
      text.drop(space + found.marker.size());
      return enter_reasoning(marks);
    }
    return options_.reasoning && options_.starts_in_reasoning ? enter_trimmed(Mode::kReasoning)
                                                              : enter(Mode::kBare);
  }

  bool think(PendingText& text, OutputSink& sink, bool at_end) {
    const Place end = find_any(text.view(), reasoning_closings_);
    if (end.marker.empty()) {
      const std::size_t held = at_end ? 0 : held_bytes(text.view(), reasoning_closings_);
      if (held == text.size()) return false;
      sink.reasoning(text.take(text.size() - held));
      return true;
    }
    const std::size_t shown = without_space(text, end.at);
    sink.reasoning(text.take(shown));
    text.drop(end.at - shown + end.marker.size());
    return enter_trimmed(Mode::kBare);
  }

  bool bare(PendingText& text, bool at_end) {
    if (!options_.tool_calls || !row_.bare) return enter(Mode::kContent);
    const std::size_t space = leading(text.view());
    if (space == text.size() && !at_end) return false;
    if (space < text.size() && text.view()[space] == '{') return enter_call(space, {});
    return enter(Mode::kContent);
  }

  bool content(PendingText& text, OutputSink& sink, bool at_end) {
    const Place found = find_any(text.view(), content_markers_);
    if (found.marker.empty()) {
      const std::size_t held =
          at_end || content_markers_.empty() ? 0 : held_bytes(text.view(), content_markers_);
      if (held == text.size()) return false;
      sink.content(text.take(text.size() - held));
      return true;
    }
    if (is_closing(found.marker)) return stray_closing(text, sink, found);
    const std::size_t shown = without_space(text, found.at);
    sink.content(text.take(shown));
    const std::size_t body = found.at - shown + found.marker.size();
    const ReasoningMarks* reasoning = reasoning_of(found.marker);
    if (reasoning == nullptr) return enter_call(body, found.marker);
    text.drop(body);
    return enter_reasoning(*reasoning);
  }

  // It closes nothing, unless its opening was shown.
  bool stray_closing(PendingText& text, OutputSink& sink, const Place& found) {
    const bool shown = shown_openings_ > 0;
    if (shown) --shown_openings_;
    sink.content(text.take(found.at + (shown ? found.marker.size() : 0)));
    if (!shown) text.drop(found.marker.size());
    return true;
  }

  bool call(PendingText& text, OutputSink& sink, bool at_end) {
    using Status = CallReader::Status;
    Status status = Status::kMore;
    while (status == Status::kMore && scanned_ < text.size()) {
      if (reader_->begun()) {
        const Match end = ended_by_marker(text);
        if (end == Match::kPartly && !at_end) break;
        if (end == Match::kWhole) {
          reader_->close();
          status = Status::kBefore;
          break;
        }
      }
      status = reader_->push(text.view()[scanned_]);
      if (status != Status::kBefore) ++scanned_;
      if (!reader_->begun() && scanned_ - body_ > kUndecidedBytesMax) status = Status::kNoCall;
    }
    if (!reader_->begun()) {
      if (status == Status::kMore) return false;
      show_beginning(text, sink);
      return true;
    }
    if (!begun_) sink.begin_call(reader_->name());
    begun_ = true;
    sink.arguments(reader_->take_arguments());
    text.drop(scanned_);
    scanned_ = 0;
    if (status == Status::kMore) return false;
    behind_ = reader_->behind();
    closed_ = false;
    return enter(Mode::kAfterCall);
  }

  // What led to a call that is none is text, and the search goes on right behind the marker.
  void show_beginning(PendingText& text, OutputSink& sink) {
    if (marked_) ++shown_openings_;
    sink.content(text.take(body_));
    enter(Mode::kContent);
  }

  // A marker ends a call except in a string, where it may be spelled; one that came as a mark was
  // not spelled.
  Match ended_by_marker(const PendingText& text) const {
    const std::string_view mark = text.mark_at(scanned_);
    if (std::find(call_markers_.begin(), call_markers_.end(), mark) != call_markers_.end())
      return Match::kWhole;
    if (reader_->in_string()) return Match::kNo;
    return match_any(text.view().substr(scanned_), call_markers_).match;
  }

  bool after_call(PendingText& text, bool at_end) {
    const std::size_t space =
        leading(text.view(), behind_.separators.empty() ? kSpace : behind_.separators);
    const std::string_view rest = text.view().substr(space);
    if (rest.empty()) {
      if (!at_end) return false;
      text.drop(text.size());
      return true;
    }
    if (!closed_) {
      const std::vector<std::string_view> closings =
          behind_.closing.empty() ? row_.closings : std::vector{behind_.closing};
      const Found found = match_any(rest, closings);
      if (found.match == Match::kPartly) {
        if (at_end) text.drop(text.size());
        return at_end;
      }
      if (found.match == Match::kWhole) {
        text.drop(space + found.marker.size());
        closed_ = true;
        if (!behind_.closing.empty()) behind_ = {};
        return true;
      }
    }
    const Found next = match_any(rest, row_.openings);
    if (next.match == Match::kWhole) return enter_call(space + next.marker.size(), next.marker);
    if (next.match == Match::kPartly && !at_end) return false;
    if (behind_.bare && rest.front() == '{') return enter_call(space, {});
    text.drop(leading(text.view()));
    return enter(Mode::kContent);
  }

  bool is_closing(std::string_view marker) const {
    return std::find(row_.closings.begin(), row_.closings.end(), marker) != row_.closings.end();
  }
  static std::size_t without_space(const PendingText& text, std::size_t end) {
    while (end > 0 && is_space(text.view()[end - 1])) --end;
    return end;
  }

  const FormatRow& row_;
  const MarkedOptions options_;
  std::vector<std::string_view> call_markers_, content_markers_;
  std::vector<std::string_view> reasoning_openings_, reasoning_closings_;
  Mode mode_ = Mode::kStart;
  bool trim_ = false;       // whitespace at the front is dropped
  int shown_openings_ = 0;  // as content, whose closings are content too

  // kCall
  std::size_t body_ = 0;  // where it begins, whitespace and marker before it
  std::size_t scanned_ = 0;
  bool marked_ = false;
  bool follows_ = false;  // stands behind another call
  bool begun_ = false;    // the sink knows of it
  std::unique_ptr<CallReader> reader_;
  // kAfterCall
  CallReader::Behind behind_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<OutputReader> marked_reader(const FormatRow& row, MarkedOptions options) {
  return std::make_unique<MarkedReader>(row, std::move(options));
}

}  // namespace sanctum::text
