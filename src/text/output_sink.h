// Where a reader of an output puts what it recognised, until the client takes it.
//
// Values only, one owner at a time.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/tool_call_id.h"

namespace sanctum::text {

struct ToolCallDelta {
  int index = 0;
  std::string id;         // with the first delta of a call
  std::string name;       // with the first delta of a call
  std::string arguments;  // a piece of JSON text
};

struct OutputEvent {
  std::string content;
  std::string reasoning;
  std::vector<ToolCallDelta> tool_calls;
  bool empty() const { return content.empty() && reasoning.empty() && tool_calls.empty(); }
};

// What an output ended with: a token of the model's own, or whatever else there is (a limit, a stop
// string, a client's stop token).
enum class Ending { kCut, kByModel };

class OutputSink {
 public:
  OutputSink(CallIds ids, std::string seed) : ids_(ids), seed_(std::move(seed)) {}

  void content(std::string_view text) { event_.content += text; }
  void reasoning(std::string_view text) { event_.reasoning += text; }
  void begin_call(std::string name) {
    event_.tool_calls.push_back({calls_, tool_call_id(ids_, seed_, calls_), std::move(name), {}});
    ++calls_;
  }
  // Of the last call.
  void arguments(std::string_view piece) {
    if (piece.empty()) return;
    auto& deltas = event_.tool_calls;
    if (deltas.empty()) deltas.push_back({calls_ - 1, {}, {}, {}});
    deltas.back().arguments += piece;
  }
  // The last call's arguments are not whole.
  void cut() { cut_ = true; }

  OutputEvent take() { return std::exchange(event_, {}); }
  int calls() const { return calls_; }
  bool was_cut() const { return cut_; }

 private:
  CallIds ids_;
  std::string seed_;
  OutputEvent event_;
  int calls_ = 0;
  bool cut_ = false;
};

}  // namespace sanctum::text
