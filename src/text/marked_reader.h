// Reads an output in which markers stand around reasoning and around each call, with text between
// them: every format's but harmony's.
//
// Modes and what moves between them:
//   kStart       leading whitespace, perhaps reasoning's opening
//   kReasoning   up to its closing
//   kBare        start of the content: a call without a marker can only stand here
//   kContent     text, up to a marker
//   kCall        a call's body: held back until it has begun (call_reader.h), then handed out
//   kAfterCall   closing marker, separators, perhaps the next call
#pragma once

#include <memory>

#include "text/output_format.h"
#include "text/output_reader.h"

namespace sanctum::text {

// What is held back of a call that has not begun.
inline constexpr std::size_t kUndecidedBytesMax = 1u << 16;

struct MarkedOptions {
  bool tool_calls = false, reasoning = false, starts_in_reasoning = false;
  OfferedTools tools = {};
};

std::unique_ptr<OutputReader> marked_reader(const FormatRow& row, MarkedOptions options);

}  // namespace sanctum::text
