// What several readers of a tool's JSON schema ask of its nodes.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace sanctum::text {

inline constexpr int kReferencesFollowedMax = 64;  // from one $ref to the next

// What "#/$defs/Name" and the like point at; nothing where nothing is there, or outside of `root`.
std::optional<json::Node> referred(const json::Node& root, std::string_view reference);
// `schema`, or what its `$ref` leads to; nothing where that leads nowhere, or too far.
std::optional<json::Node> resolved(const json::Node& root, const json::Node& schema);

// Of `const`, or of `enum`: null is a value, too.
std::vector<json::Node> listed_values(const json::Node& schema);
// Whether a schema asks for the member; of its own `required`.
bool requires_member(const json::Node& schema, const std::string& key);
// The first that it asks for and whose schema it does not list.
std::optional<std::string> unlisted_member(const json::Node& schema);
// The first keyword that binds a value and is none of `understood`; nothing where all are, or bind
// nothing ("description").
std::optional<std::string> keyword_beyond(const json::Node& schema,
                                          const std::vector<std::string_view>& understood);

}  // namespace sanctum::text
