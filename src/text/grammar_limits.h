// What a client's schema or grammar may hold before it is compiled: compiling takes stack for each
// reference, property and rule, and time for each pair of patterns.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "base/json.h"

namespace sanctum::text {

inline constexpr std::size_t kReferencesMax = 1000;       // "$ref"s of one schema
inline constexpr std::size_t kPropertiesMax = 1000;       // of one object
inline constexpr std::size_t kPatternPropertiesMax = 32;  // of one object
inline constexpr std::size_t kLarkBytesMax = 64u << 10;   // a grammar of the client's own

// Letters that a string can be bound to: each takes states, and an answer that is over what there
// are would end in its midst.
inline constexpr std::int64_t kLengthMax = 8192;

// The schema without bounds of lengths over that, which `left_out` then names; of a strict one
// they are Error(kInvalid).
std::string within_lengths(const json::Node& schema, bool strict, std::set<std::string>& left_out);

// Throw Error(kInvalid) naming what there is too much of.
void check_schema(const json::Node& schema);
void check_lark(const std::string& source);

}  // namespace sanctum::text
