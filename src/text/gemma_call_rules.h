// The grammar of Gemma 4's calls (gemma_call.h): a tool's schema in that spelling, which is no
// JSON.
#pragma once

#include <string>

#include "text/call_rules.h"

namespace sanctum::text {

// Members come in the order of their names, as the template sorts them, and no others. Throws
// Error(kInvalid) naming what of a strict tool's schema cannot be said so.
std::string gemma_call_rules(const CallRules& rules);

}  // namespace sanctum::text
