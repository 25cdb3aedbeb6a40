// Splits a model's output into content, reasoning and tool calls, while it is being written.
//
// Contract: one parser serves streaming and whole answers: push() the text in any pieces, then
// finish(); the concatenated events do not depend on where the text was cut. Text that merely looks
// like the start of a marker is held back, then released as content.
//
// A call's arguments are handed out as they come. What makes a call is its beginning: its name is
// known and its arguments have begun. Until then it is held back (kUndecidedBytesMax at most) and
// can still come back as content, byte for byte, markers and all: so does one that the model ends
// before it has begun. One that a limit or a stop string cuts there is nothing, if a marker or
// another call stands before it. A name that nobody offered makes a call too: whoever runs the
// tools answers that there is none such, and the model corrects itself; as content it would end the
// answer. From then on it stays a call:
//   - Arguments that the model wrote as JSON go out verbatim. Where they are broken they are the
//     client's to judge: all that stands up to the closing bracket, or else up to the next marker.
//   - Arguments in a format's own spelling go out as JSON, an end marker closing what was left
//   open.
//   - A call that the output ends in keeps what it has, and cut() says so after finish(), whatever
//   ended it. One that has nothing yet has {} where the model ended it.
// The pieces of one call form a JSON object where the model wrote one to its end.
//
// Where calls are parsed no marker of a call is content, a stray closing one neither. Dropped are
// markers, whitespace next to those of a call and of reasoning, what separates calls; and wherever
// they stand, the markers that came as control marks, as transformers' skip_special_tokens drops
// special tokens. Reasoning in <think> counts at the start of the output only.
// Thread rule: one owner at a time, no locks.
//
// Own code rather than the crates tool-parser and reasoning-parser 1.10, which were tried: together
// they bring 170 crates, an async runtime among them, lose calls, change numbers, and what they
// make of a text depends on where it is cut.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/output_format.h"
#include "text/output_sink.h"

namespace sanctum::text {

class OutputReader;
class PendingText;

struct OutputOptions {
  OutputFormat format = OutputFormat::kPlain;
  bool tool_calls = false, reasoning = false;  // whether they are parsed
  bool starts_in_reasoning = false;            // opens_reasoning() of the prompt
  std::string id_seed = {};                    // of tool_call_id()
  std::vector<std::string> markers = {};       // marker_tokens(), for the marks in what is pushed
  OfferedTools tools = {};                     // of the request
};

class OutputParser {
 public:
  explicit OutputParser(OutputOptions options);
  ~OutputParser();
  OutputParser(OutputParser&&) noexcept;
  OutputParser& operator=(OutputParser&&) noexcept;

  using Event = OutputEvent;
  Event push(std::string_view text);
  // The end of the output: whatever is still held back.
  Event finish(Ending ending = Ending::kCut);

  // How many tool calls have begun (finish_reason "tool_calls" when any).
  int calls() const { return sink_.calls(); }
  // After finish(): the output ended inside the last call's arguments.
  bool cut() const { return sink_.was_cut(); }

 private:
  std::unique_ptr<OutputReader> reader_;
  std::unique_ptr<PendingText> text_;
  OutputSink sink_;
};

}  // namespace sanctum::text
