// A parameter's value that a model wrote as text, as JSON.
//
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/offered_tools.h"

namespace sanctum::text {

// The type of a text that is one JSON value, whitespace around it aside; nothing for any other.
std::optional<JsonTypes> json_type(std::string_view text);

// The text as the JSON value that `types` allow: as it was written where that is JSON of one of
// them (a number keeps its digits), True, False and None as Python spells them; else a string. A
// text that itself is a JSON string is a string with quotes in it. Where a string alone is allowed
// every text is one; where the types are unknown, JSON wins. JSON of a type that isn't allowed goes
// out as it is unless a string is allowed: then it is one.
std::string parameter_json(JsonTypes types, std::string_view text);

}  // namespace sanctum::text
