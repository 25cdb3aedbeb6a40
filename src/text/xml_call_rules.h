// The grammar of calls in XML (xml_call.h): each tool's parameters in the order of its schema, and
// no others. A parameter of odd spelling ("a>b") that no strict tool has is left out.
//
// Pure.
#pragma once

#include <string>

#include "text/call_rules.h"

namespace sanctum::text {

// Throws Error(kInvalid) naming what of a strict tool's schema cannot be said in this spelling.
std::string xml_call_rules(const CallRules& rules);

}  // namespace sanctum::text
