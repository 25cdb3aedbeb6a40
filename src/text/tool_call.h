// The JSON inside a tool call, read once it is complete.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/output_parser.h"

namespace sanctum::text {

struct ToolCall {
  std::string name;
  std::string arguments;  // a JSON object, as the model wrote it
};

// `body` is what stands behind a format's marker, a complete JSON object or array or (Mistral) a
// name with its arguments. `marked` is false for Llama's bare JSON, which has to name its
// parameters to be told from an answer that is JSON. Nothing for anything that is no call.
std::optional<std::vector<ToolCall>> read_tool_calls(OutputFormat format, std::string_view body,
                                                     bool marked);

// The id of a request's n-th call: the same for the same seed and index. Mistral's templates refuse
// any but nine alphanumerics, so that format gets those; all others "call_" and 24.
std::string tool_call_id(OutputFormat format, std::string_view seed, int index);

}  // namespace sanctum::text
