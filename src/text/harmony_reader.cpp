#include "text/harmony_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "text/json_extent.h"
#include "text/markers.h"

namespace sanctum::text {
namespace {

constexpr std::string_view kStart = "<|start|>", kChannel = "<|channel|>";
constexpr std::string_view kConstrain = "<|constrain|>", kMessage = "<|message|>";
constexpr std::string_view kRecipient = "to=", kFunctions = "functions.";
constexpr std::array<std::string_view, 7> kMarkers{kStart,    kChannel,   kConstrain,  kMessage,
                                                   "<|end|>", "<|call|>", "<|return|>"};
constexpr std::size_t kMarkerBytesMax = kConstrain.size();
constexpr std::array<std::string_view, 2> kHeaderWords{"assistant", kRecipient};
constexpr std::array<std::string_view, 5> kRoles{"assistant", "user", "system", "developer",
                                                 "tool"};

std::string_view word_behind(std::string_view header, std::string_view key) {
  const std::size_t at = header.find(key);
  if (at == std::string_view::npos) return {};
  header.remove_prefix(at + key.size());
  return header.substr(0, header.find_first_of(" \t\r\n<"));
}

class HarmonyReader : public OutputReader {
 public:
  explicit HarmonyReader(MarkedOptions options) : options_(std::move(options)) {
    if (options_.starts_in_reasoning) enter_body(Kind::kReasoning);
  }

  bool step(PendingText& text, OutputSink& sink, bool at_end) override {
    if (text.empty()) return false;
    switch (mode_) {
      case Mode::kBetween:
        return between(text, at_end);
      case Mode::kHeader:
        return header(text, sink, at_end);
      case Mode::kBody:
        return body(text, sink, at_end);
    }
    return false;
  }

  // The marker that closes a call is a token that ends the answer, and never comes here.
  void end(PendingText&, OutputSink& sink, Ending ending) override {
    if (mode_ != Mode::kBody || kind_ != Kind::kCall || whole_) return;
    if (ending == Ending::kCut || opened_) return sink.cut();
    if (empty_) sink.arguments("{}");
  }

 private:
  enum class Mode { kBetween, kHeader, kBody };
  enum class Kind { kContent, kReasoning, kCall };

  // Behind a message, and at the start, where the prompt has said who speaks.
  bool between(PendingText& text, bool at_end) {
    const std::size_t space = leading(text.view());
    const std::string_view rest = text.view().substr(space);
    if (rest.empty()) {
      if (at_end) text.drop(text.size());
      return at_end;
    }
    const bool spelled = text.mark_at(space).empty();
    const Found marker = spelled && marks_only_ ? Found() : match_any(rest, kMarkers);
    if (marker.match == Match::kWhole && !spelled) marks_only_ = true;
    const Found word = match_any(rest, kHeaderWords);
    const bool waits = marker.match == Match::kPartly || word.match == Match::kPartly;
    if (waits && !at_end) return false;
    if (marker.match == Match::kWhole && marker.marker != kChannel && marker.marker != kMessage) {
      text.drop(space + marker.marker.size());
      if (marker.marker == kStart) enter_header(true);
      return true;
    }
    if (marker.match == Match::kWhole || word.match == Match::kWhole) {
      text.drop(space);
      enter_header(marker.match == Match::kWhole);
    } else {
      enter_body(Kind::kContent);
    }
    return true;
  }

  bool header(PendingText& text, OutputSink& sink, bool at_end) {
    std::size_t from = 0;
    Place found;
    do {  // up to the first marker that is no part of a header
      found = find_marker(text, from);
      if (found.marker.empty()) break;
      from = found.at + found.marker.size();
    } while (found.marker == kChannel || found.marker == kConstrain);
    const bool too_long = found.marker.empty() ? text.size() > kHeaderBytesMax + kMarkerBytesMax
                                               : found.at > kHeaderBytesMax;
    if (too_long || (at_end && found.marker.empty() && from == 0 && !marked_)) {
      if (text.view().starts_with(kChannel)) text.drop(kChannel.size());
      enter_body(Kind::kContent);
      return true;
    }
    if (found.marker.empty()) {
      if (at_end) text.drop(text.size());
      return at_end;
    }
    if (found.marker != kMessage) {
      text.drop(found.at);
      mode_ = Mode::kBetween;
      return true;
    }
    if (!text.mark_at(found.at).empty()) marks_only_ = true;
    begin_message(text.view().substr(0, found.at), sink);
    text.drop(from);
    return true;
  }

  Place find_marker(const PendingText& text, std::size_t from) const {
    for (;; ++from) {
      Place found = find_any(text.view().substr(from), kMarkers);
      if (found.marker.empty()) return found;
      from = found.at += from;
      if (!marks_only_ || !text.mark_at(from).empty()) return found;
    }
  }

  void begin_message(std::string_view header, OutputSink& sink) {
    std::string_view recipient = word_behind(header, kRecipient);
    const bool function = recipient.starts_with(kFunctions);
    if (function) recipient.remove_prefix(kFunctions.size());
    enter_body(word_behind(header, kChannel) == "analysis" ? Kind::kReasoning : Kind::kContent);
    if (!options_.tool_calls || recipient.empty()) return;
    if (function || options_.tools.offers(recipient)) {
      begin_call(std::string(recipient), sink);
    } else if (std::find(kRoles.begin(), kRoles.end(), recipient) == kRoles.end()) {
      undecided_ = recipient;
    }
  }

  void begin_call(const std::string& name, OutputSink& sink) {
    enter_body(Kind::kCall);
    sink.begin_call(name);
  }

  bool body(PendingText& text, OutputSink& sink, bool at_end) {
    if (!undecided_.empty()) {
      const std::size_t space = leading(text.view());
      if (space == text.size() && !at_end) return false;
      const std::string recipient = std::exchange(undecided_, {});
      if (space < text.size() && text.view()[space] == '{') begin_call(recipient, sink);
    }
    const Place found = find_marker(text, 0);
    std::size_t shown = found.at;
    if (found.marker.empty()) {
      // Whitespace before a marker is text here.
      std::size_t held = at_end || marks_only_ ? 0 : held_bytes(text.view(), kMarkers);
      while (held > 0 && is_space(text.view()[text.size() - held])) --held;
      shown = text.size() - held;
      if (shown == 0) return false;
    }
    if (!found.marker.empty() && !text.mark_at(found.at).empty()) marks_only_ = true;
    say(text.take(shown), sink);
    if (found.marker.empty()) return true;
    const bool goes_on = found.marker == kMessage || found.marker == kConstrain;
    if (goes_on || found.marker != kChannel) text.drop(found.marker.size());
    if (goes_on) return true;
    if (kind_ == Kind::kCall && empty_) sink.arguments("{}");
    mode_ = Mode::kBetween;
    if (found.marker == kStart || found.marker == kChannel) enter_header(true);
    return true;
  }

  void say(std::string_view text, OutputSink& sink) {
    if (text.empty()) return;
    if (kind_ == Kind::kCall) {
      sink.arguments(text);
      for (const char c : text) follow(c);
    } else {
      bool& said = kind_ == Kind::kReasoning ? reasoned_ : answered_;
      const std::string line = empty_ && said ? "\n" : "";
      kind_ == Kind::kReasoning ? sink.reasoning(line + std::string(text))
                                : sink.content(line + std::string(text));
      said = true;
    }
    // Of a call's arguments whitespace is nothing yet.
    empty_ = empty_ && kind_ == Kind::kCall && leading(text) == text.size();
  }

  // To know whether a call's arguments are whole.
  void follow(char c) {
    if (whole_ || (!opened_ && is_space(c))) return;
    const bool opens = c == '{' || c == '[' || c == '"';
    if (!opened_ && !opens) return;
    opened_ = true;
    whole_ = extent_.push(c);
  }

  // `marked`: a marker said that it is one.
  void enter_header(bool marked) {
    mode_ = Mode::kHeader;
    marked_ = marked;
  }
  void enter_body(Kind kind) {
    mode_ = Mode::kBody;
    kind_ = kind;
    empty_ = true;
    opened_ = whole_ = false;
    extent_ = {};
  }

  const MarkedOptions options_;
  Mode mode_ = Mode::kBetween;
  Kind kind_ = Kind::kContent;
  bool marks_only_ = false;  // one came: what is spelled is text
  bool marked_ = false;      // the header
  bool empty_ = true;        // the message, so far
  std::string undecided_;    // who is told what may be a call, until its text begins
  bool reasoned_ = false, answered_ = false;
  bool opened_ = false, whole_ = false;  // the arguments
  JsonExtent extent_;
};

}  // namespace

std::unique_ptr<OutputReader> harmony_reader(MarkedOptions options) {
  return std::make_unique<HarmonyReader>(std::move(options));
}

}  // namespace sanctum::text
