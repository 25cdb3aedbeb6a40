// Splits a model's output into content, reasoning and tool calls, while it is being written.
//
// Contract: one parser serves streaming and whole answers: push() the text in any pieces, then
// finish(); the concatenated events do not depend on where the text was cut. Text that merely looks
// like the start of a marker is held back, then released as content.
// A tool call is handed out once its JSON is complete and valid, never before: until the last brace
// any byte can still turn it into plain text, and what a client has seen can't be taken back. A
// call that is broken, cut off or over kCallBytesMax comes back as content, byte for byte. What is
// dropped is only markup: the markers themselves, whitespace next to them and what separates calls;
// and wherever they stand, the markers that came as control marks, as transformers'
// skip_special_tokens drops special tokens. Reasoning counts at the start of the output only.
// Thread rule: one owner at a time, no locks.
//
// Own code rather than the crates tool-parser and reasoning-parser: see format notes in
// output_parser.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sanctum::text {

inline constexpr std::size_t kCallBytesMax = 1u
                                             << 20;  // one tool call (or list of calls) held back

enum class OutputFormat {
  kPlain,    // no tool calls
  kHermes,   // <tool_call>{"name": ..., "arguments": {...}}</tool_call>   (Qwen, Hermes)
  kLlama3,   // {"name": ..., "parameters": {...}}, perhaps after <|python_tag|>
  kMistral,  // [TOOL_CALLS][{"name": ..., "arguments": {...}}] or [TOOL_CALLS]name[ARGS]{...}
};

// Which format a chat template (ChatTemplate::source()) asks its model for.
OutputFormat detect_format(std::string_view template_source);
// Whether a chat template knows <think> blocks.
bool detect_reasoning(std::string_view template_source);
// Whether a chat template's code looks at `tools`.
bool knows_tools(std::string_view template_source);
// Whether a rendered prompt ends inside a <think> block, so that the output begins in one.
bool opens_reasoning(std::string_view prompt);
// Tokens that a parser so made must see, special ones too, of which it sees control marks
// (control_marks.h): pass them to the Detokenizer and to the parser.
std::vector<std::string> marker_tokens(OutputFormat format, bool parse_tool_calls,
                                       bool parse_reasoning);

struct ToolCallDelta {
  int index = 0;
  std::string id;         // with the first delta of a call
  std::string name;       // with the first delta of a call
  std::string arguments;  // a piece of JSON text; the pieces of a call form one JSON object
};

class OutputParser {
 public:
  // `id_seed` (the request's id) makes tool call ids: the same seed and call index give the same
  // id, so a resumed request repeats them. "call_" and 24 alphanumerics; for kMistral nine
  // alphanumerics, the only form its templates take back. `starts_in_reasoning`: see
  // opens_reasoning(). `markers`: marker_tokens(), for the marks in what is pushed.
  OutputParser(OutputFormat format, bool parse_tool_calls, bool parse_reasoning,
               std::string id_seed = {}, bool starts_in_reasoning = false,
               std::vector<std::string> markers = {});
  ~OutputParser();
  OutputParser(OutputParser&&) noexcept;
  OutputParser& operator=(OutputParser&&) noexcept;

  struct Event {
    std::string content;
    std::string reasoning;
    std::vector<ToolCallDelta> tool_calls;
    bool empty() const { return content.empty() && reasoning.empty() && tool_calls.empty(); }
  };
  Event push(std::string_view text);
  // The end of the output: whatever is still held back.
  Event finish();

  // How many tool calls have been handed out (finish_reason "tool_calls" when any).
  int calls() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sanctum::text
