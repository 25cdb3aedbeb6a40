// The name of a tool, as every dialect's clients may give it. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "base/json.h"

namespace sanctum::gateway {

constexpr std::size_t kToolNameBytesMax = 128;  // as Anthropic's; OpenAI's is 64

// 1 to kToolNameBytesMax letters, digits, '_', '-' or '.'; anything else throws Error(kInvalid).
std::string tool_name_in(const json::Node& node);

}  // namespace sanctum::gateway
