// Format notes. The crates tool-parser and reasoning-parser 1.10 were tried and left: together they
// bring 170 crates, an async runtime and a Python parser among them.
//
// Modes and what moves between them:
//   kStart       leading whitespace, perhaps <think>
//   kReasoning   up to </think>
//   kBare        start of the content: Llama's JSON without a marker can only stand here
//   kContent     text, up to a marker
//   kCall        a marker and the body behind it, all held back until the body ends
//   kAfterCall   closing marker, separators, perhaps the next call
#include "text/output_parser.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "text/control_marks.h"
#include "text/json_scanner.h"
#include "text/tool_call.h"

namespace sanctum::text {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kThink = "<think>";
constexpr std::string_view kThinkEnd = "</think>";
constexpr std::size_t kNameBytesMax = 256;  // Mistral's name with its id

std::string_view opening(OutputFormat format) {
  switch (format) {
    case OutputFormat::kHermes:
      return "<tool_call>";
    case OutputFormat::kLlama3:
      return "<|python_tag|>";
    case OutputFormat::kMistral:
      return "[TOOL_CALLS]";
    case OutputFormat::kPlain:
      break;
  }
  return {};
}

std::string_view closing(OutputFormat format) {
  return format == OutputFormat::kHermes ? "</tool_call>" : std::string_view();
}

bool is_space(char c) {
  return kSpace.find(c) != std::string_view::npos;
}

std::size_t leading(std::string_view text, std::string_view set) {
  return std::min(text.find_first_not_of(set), text.size());
}

// Bytes at the end of `text` that could be whitespace before a marker and the marker's start.
std::size_t held_bytes(std::string_view text, std::string_view marker) {
  std::size_t held = std::min(marker.size() - 1, text.size());
  while (held > 0 && !text.ends_with(marker.substr(0, held))) --held;
  while (held < text.size() && is_space(text[text.size() - held - 1])) ++held;
  return held;
}

enum class Match { kNo, kPartly, kWhole };

Match match(std::string_view text, std::string_view marker) {
  if (marker.empty()) return Match::kNo;
  if (text.starts_with(marker)) return Match::kWhole;
  return marker.starts_with(text) ? Match::kPartly : Match::kNo;
}

// Finds the end of what stands behind an opening marker, byte by byte.
class BodyScanner {
 public:
  explicit BodyScanner(OutputFormat format) : named_(format == OutputFormat::kMistral) {}

  JsonScanner::Status push(char c) {
    if (++size_ > kCallBytesMax) return JsonScanner::Status::kBroken;
    if (in_json_) return json_.push(c);
    if (name_bytes_ == 0 && is_space(c)) return JsonScanner::Status::kMore;
    if (c == '{' || (c == '[' && name_bytes_ == 0 && named_)) {
      in_json_ = true;
      return json_.push(c);
    }
    const bool name = named_ && ++name_bytes_ <= kNameBytesMax && !is_space(c);
    return name ? JsonScanner::Status::kMore : JsonScanner::Status::kBroken;
  }

 private:
  bool named_;  // a name may stand before the JSON
  bool in_json_ = false;
  std::size_t name_bytes_ = 0;
  std::size_t size_ = 0;
  JsonScanner json_;
};

}  // namespace

struct OutputParser::State {
  enum class Mode { kStart, kReasoning, kBare, kContent, kCall, kAfterCall };

  OutputFormat format;
  bool tools;
  bool reasoning;
  std::string seed;
  std::vector<std::string> markers;
  Mode mode = Mode::kStart;
  bool in_reasoning;  // from the first byte on
  bool trim = false;  // whitespace at the front is dropped

  std::string text;  // not handed out yet; marks are spelled in it
  struct Span {
    std::size_t at, size;
  };
  std::deque<Span> marks;  // where in the text they are
  Event event;
  int calls = 0;

  // kCall
  std::size_t body = 0;  // where it begins, whitespace and marker before it
  std::size_t scanned = 0;
  bool marked = false;
  std::optional<BodyScanner> scanner;
  // kAfterCall
  bool closed = false;

  // Each returns whether anything moved; false asks for more text.
  bool step(bool at_end);
  bool start(bool at_end);
  bool think(bool at_end);
  bool bare(bool at_end);
  bool content(bool at_end);
  bool call(bool at_end);
  bool after_call(bool at_end);

  bool enter(Mode next) {
    mode = next;
    return true;
  }
  bool enter_trimmed(Mode next) {
    trim = true;
    return enter(next);
  }
  bool enter_call(std::size_t body_at, bool has_marker) {
    body = scanned = body_at;
    marked = has_marker;
    scanner.emplace(format);
    return enter(Mode::kCall);
  }
  void push(std::string_view more) {
    for (const char byte : more) {
      const auto marker = marker_of(byte);
      if (!marker) {
        text += byte;
      } else if (*marker < markers.size()) {
        marks.push_back({text.size(), markers[*marker].size()});
        text += markers[*marker];
      }
    }
  }
  void drop(std::size_t bytes) {
    text.erase(0, bytes);
    while (!marks.empty() && marks.front().at < bytes) marks.pop_front();
    for (Span& mark : marks) mark.at -= bytes;
  }
  // The first bytes of the text, for the client: without what were marks.
  std::string take(std::size_t bytes) {
    std::string head;
    std::size_t from = 0;
    for (const Span& mark : marks) {
      if (mark.at >= bytes) break;
      head.append(text, from, mark.at - from);
      from = std::min(mark.at + mark.size, bytes);
    }
    head.append(text, from, bytes - from);
    drop(bytes);
    return head;
  }
};

bool OutputParser::State::step(bool at_end) {
  if (trim) drop(leading(text, kSpace));
  if (text.empty()) return false;
  trim = false;
  switch (mode) {
    case Mode::kStart:
      return start(at_end);
    case Mode::kReasoning:
      return think(at_end);
    case Mode::kBare:
      return bare(at_end);
    case Mode::kContent:
      return content(at_end);
    case Mode::kCall:
      return call(at_end);
    case Mode::kAfterCall:
      return after_call(at_end);
  }
  return false;
}

bool OutputParser::State::start(bool at_end) {
  if (!reasoning) return enter(Mode::kBare);
  const std::size_t space = leading(text, kSpace);
  const Match found = match(std::string_view(text).substr(space), kThink);
  if (found == Match::kPartly && !at_end) return false;
  if (found == Match::kWhole) {
    drop(space + kThink.size());
    return enter_trimmed(Mode::kReasoning);
  }
  return in_reasoning ? enter_trimmed(Mode::kReasoning) : enter(Mode::kBare);
}

bool OutputParser::State::think(bool at_end) {
  const std::size_t end = text.find(kThinkEnd);
  if (end == std::string::npos) {
    const std::size_t held = at_end ? 0 : held_bytes(text, kThinkEnd);
    if (held == text.size()) return false;
    event.reasoning += take(text.size() - held);
    return true;
  }
  std::size_t shown = end;
  while (shown > 0 && is_space(text[shown - 1])) --shown;
  event.reasoning += take(shown);
  drop(end - shown + kThinkEnd.size());
  return enter_trimmed(Mode::kBare);
}

bool OutputParser::State::bare(bool at_end) {
  if (!tools || format != OutputFormat::kLlama3) return enter(Mode::kContent);
  const std::size_t space = leading(text, kSpace);
  if (space == text.size() && !at_end) return false;
  if (space < text.size() && text[space] == '{') return enter_call(space, false);
  return enter(Mode::kContent);
}

bool OutputParser::State::content(bool at_end) {
  const std::string_view marker = tools ? opening(format) : std::string_view();
  if (marker.empty()) {
    event.content += take(text.size());
    return true;
  }
  const std::size_t found = text.find(marker);
  if (found == std::string::npos) {
    const std::size_t held = at_end ? 0 : held_bytes(text, marker);
    if (held == text.size()) return false;
    event.content += take(text.size() - held);
    return true;
  }
  std::size_t shown = found;
  while (shown > 0 && is_space(text[shown - 1])) --shown;
  event.content += take(shown);
  return enter_call(found - shown + marker.size(), true);
}

bool OutputParser::State::call(bool at_end) {
  JsonScanner::Status status = JsonScanner::Status::kMore;
  while (status == JsonScanner::Status::kMore && scanned < text.size()) {
    status = scanner->push(text[scanned++]);
  }
  if (status == JsonScanner::Status::kMore && !at_end) return false;
  if (status == JsonScanner::Status::kDone) {
    const std::string_view json = std::string_view(text).substr(body, scanned - body);
    if (const auto found = read_tool_calls(format, json, marked)) {
      for (const ToolCall& made : *found) {
        event.tool_calls.push_back(
            {calls, tool_call_id(format, seed, calls), made.name, made.arguments});
        ++calls;
      }
      drop(scanned);
      closed = false;
      return enter(Mode::kAfterCall);
    }
  }
  // Broken: what led here is text, and the search goes on right behind the marker.
  event.content += take(body);
  return enter(Mode::kContent);
}

bool OutputParser::State::after_call(bool at_end) {
  const bool llama = format == OutputFormat::kLlama3;
  const std::size_t space = leading(text, llama ? " \t\r\n;" : kSpace);
  const std::string_view rest = std::string_view(text).substr(space);
  if (rest.empty()) {
    if (!at_end) return false;
    drop(text.size());
    return true;
  }
  if (!closed && !at_end && match(rest, closing(format)) == Match::kPartly) return false;
  if (!closed && match(rest, closing(format)) == Match::kWhole) {
    drop(space + closing(format).size());
    closed = true;
    return true;
  }
  const Match next = match(rest, opening(format));
  if (next == Match::kWhole) return enter_call(space + opening(format).size(), true);
  if (next == Match::kPartly && !at_end) return false;
  if (llama && rest.front() == '{') return enter_call(space, false);
  drop(leading(text, kSpace));
  return enter(Mode::kContent);
}

OutputParser::OutputParser(OutputFormat format, bool parse_tool_calls, bool parse_reasoning,
                           std::string id_seed, bool starts_in_reasoning,
                           std::vector<std::string> markers)
    : state_(std::make_unique<State>()) {
  state_->format = format;
  state_->tools = parse_tool_calls;
  state_->reasoning = parse_reasoning;
  state_->seed = std::move(id_seed);
  state_->markers = std::move(markers);
  state_->in_reasoning = starts_in_reasoning;
}
OutputParser::~OutputParser() = default;
OutputParser::OutputParser(OutputParser&&) noexcept = default;
OutputParser& OutputParser::operator=(OutputParser&&) noexcept = default;

OutputParser::Event OutputParser::push(std::string_view text) {
  state_->push(text);
  while (state_->step(false)) {
  }
  return std::exchange(state_->event, {});
}

OutputParser::Event OutputParser::finish() {
  while (state_->step(true)) {
  }
  return std::exchange(state_->event, {});
}

int OutputParser::calls() const {
  return state_->calls;
}

}  // namespace sanctum::text
