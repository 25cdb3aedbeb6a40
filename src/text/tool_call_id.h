// The ids of tool calls.
#pragma once

#include <string>
#include <string_view>

namespace sanctum::text {

enum class CallIds {
  kLong,   // "call_" and 24 alphanumerics
  kShort,  // nine alphanumerics, the only form that Mistral's templates take back
};

// The id of a request's n-th call: the same for the same seed (the request's id) and index, so that
// a resumed request repeats it.
std::string tool_call_id(CallIds kind, std::string_view seed, int index);

}  // namespace sanctum::text
