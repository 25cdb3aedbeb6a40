#include "text/schema_nodes.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sanctum::text {
namespace {

constexpr std::array<std::string_view, 14> kBindNothing{
    "title",    "description", "default", "examples", "example", "$comment",    "deprecated",
    "readOnly", "writeOnly",   "$schema", "$id",      "$defs",   "definitions", "strict"};

// JSON Pointer writes "/" and "~" so (RFC 6901).
std::string unescaped(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool escape = part[i] == '~' && i + 1 < part.size();
    out += !escape ? part[i] : part[i + 1] == '1' ? '/' : '~';
    if (escape) ++i;
  }
  return out;
}

std::optional<json::Node> child(const json::Node& node, const std::string& name) {
  if (node.is_object()) return node.get(name);
  if (!node.is_array()) return std::nullopt;
  const auto all = node.as_array();
  std::size_t index = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), index);
  const bool whole = read.ec == std::errc() && read.ptr == name.data() + name.size();
  return whole && index < all.size() ? std::optional(all[index]) : std::nullopt;
}

}  // namespace

std::optional<json::Node> referred(const json::Node& root, std::string_view reference) {
  if (reference == "#") return root;
  if (!reference.starts_with("#/")) return std::nullopt;
  std::optional<json::Node> at = root;
  reference.remove_prefix(2);
  while (at) {
    const std::size_t end = reference.find('/');
    at = child(*at, unescaped(reference.substr(0, end)));
    if (end == std::string_view::npos) break;
    reference.remove_prefix(end + 1);
  }
  return at;
}

std::optional<json::Node> resolved(const json::Node& root, const json::Node& schema) {
  std::optional<json::Node> at = schema;
  for (int followed = 0; at && at->is_object() && at->has("$ref"); ++followed) {
    const auto reference = at->get("$ref");
    if (followed == kReferencesFollowedMax || !reference || !reference->is_string())
      return std::nullopt;
    at = referred(root, reference->as_string());
  }
  return at;
}

std::vector<json::Node> listed_values(const json::Node& schema) {
  std::vector<json::Node> values;
  for (const auto& [key, value] : schema.members()) {
    if (key == "const") return {value};
    if (key == "enum" && value.is_array()) values = value.as_array();
  }
  return values;
}

bool requires_member(const json::Node& schema, const std::string& key) {
  const auto required = schema.get("required");
  if (!required || !required->is_array()) return false;
  const auto names = required->as_array();
  return std::any_of(names.begin(), names.end(), [&](const json::Node& name) {
    return name.is_string() && name.as_string() == key;
  });
}

std::optional<std::string> unlisted_member(const json::Node& schema) {
  const auto required = schema.get("required");
  if (!required || !required->is_array()) return std::nullopt;
  const auto properties = schema.get("properties");
  for (const auto& name : required->as_array()) {
    if (!name.is_string()) continue;
    if (!properties || !properties->is_object() || !properties->has(name.as_string()))
      return name.as_string();
  }
  return std::nullopt;
}

std::optional<std::string> keyword_beyond(const json::Node& schema,
                                          const std::vector<std::string_view>& understood) {
  for (const auto& [key, value] : schema.members()) {
    const bool known =
        std::find(kBindNothing.begin(), kBindNothing.end(), key) != kBindNothing.end() ||
        std::find(understood.begin(), understood.end(), key) != understood.end() ||
        key.starts_with("x-");
    if (!known) return key;
  }
  return std::nullopt;
}

}  // namespace sanctum::text
