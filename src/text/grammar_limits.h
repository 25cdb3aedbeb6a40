// What a client's schema or grammar may hold before it is compiled: compiling takes stack for each
// reference, property and rule, and time for each pair of patterns.
//
// Pure.
#pragma once

#include <cstddef>
#include <string>

#include "base/json.h"

namespace sanctum::text {

inline constexpr std::size_t kReferencesMax = 1000;       // "$ref"s of one schema
inline constexpr std::size_t kPropertiesMax = 1000;       // of one object
inline constexpr std::size_t kPatternPropertiesMax = 32;  // of one object
inline constexpr std::size_t kLarkBytesMax = 64u << 10;   // a grammar of the client's own

// Throw Error(kInvalid) naming what there is too much of.
void check_schema(const json::Node& schema);
void check_lark(const std::string& source);

}  // namespace sanctum::text
