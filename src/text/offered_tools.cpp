#include "text/offered_tools.h"

#include <array>
#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "text/schema_nodes.h"

namespace sanctum::text {
namespace {

constexpr int kReferencesMax = 16;  // followed for one parameter

JsonTypes type_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, JsonTypes>, 7> kNames{{{"null", kJsonNull},
                                                                          {"boolean", kJsonBoolean},
                                                                          {"integer", kJsonNumber},
                                                                          {"number", kJsonNumber},
                                                                          {"string", kJsonString},
                                                                          {"array", kJsonArray},
                                                                          {"object", kJsonObject}}};
  for (const auto& [known, type] : kNames) {
    if (known == name) return type;
  }
  return kJsonAny;
}

JsonTypes type_of(const json::Node& value) {
  if (value.is_null()) return kJsonNull;
  if (value.is_bool()) return kJsonBoolean;
  if (value.is_number()) return kJsonNumber;
  if (value.is_string()) return kJsonString;
  return value.is_array() ? kJsonArray : kJsonObject;
}

std::optional<json::Node> member(const json::Node& node, std::string_view key) {
  if (!node.is_object()) return std::nullopt;
  for (const auto& [name, value] : node.members()) {
    if (name == key) return value;
  }
  return std::nullopt;
}

class SchemaReader {
 public:
  explicit SchemaReader(const json::Node& root) : root_(root) {}

  JsonTypes types(const json::Node& schema) {
    if (const auto type = member(schema, "type")) return declared(*type);
    if (const auto value = member(schema, "const")) return type_of(*value);
    if (const auto values = member(schema, "enum"); values && values->is_array()) {
      JsonTypes all = 0;
      for (const auto& value : values->as_array()) all |= type_of(value);
      return all == 0 ? kJsonAny : all;
    }
    if (const auto reference = member(schema, "$ref"); reference && reference->is_string()) {
      const auto there = referred(root_, reference->as_string());
      return there && ++references_ <= kReferencesMax ? types(*there) : kJsonAny;
    }
    for (const std::string_view key : {"anyOf", "oneOf"}) {
      if (const auto branches = member(schema, key); branches && branches->is_array()) {
        JsonTypes any = 0;
        for (const auto& branch : branches->as_array()) any |= types(branch);
        return any == 0 ? kJsonAny : any;
      }
    }
    if (const auto parts = member(schema, "allOf"); parts && parts->is_array()) {
      JsonTypes all = kJsonAny;
      for (const auto& part : parts->as_array()) all &= types(part);
      return all == 0 ? kJsonAny : all;
    }
    return kJsonAny;
  }

 private:
  static JsonTypes declared(const json::Node& type) {
    if (type.is_string()) return type_named(type.as_string());
    if (!type.is_array()) return kJsonAny;
    JsonTypes all = 0;
    for (const auto& one : type.as_array())
      all |= one.is_string() ? type_named(one.as_string()) : kJsonAny;
    return all == 0 ? kJsonAny : all;
  }

  const json::Node& root_;
  int references_ = 0;
};

}  // namespace

OfferedTools::OfferedTools(std::string_view tools_json) {
  if (tools_json.empty()) return;
  try {
    const json::Document document(tools_json, {}, json::kOwnDepthMax);
    const json::Node root = document.root();
    if (!root.is_array()) return;
    for (const json::Node& tool : root.as_array()) {
      const auto inner = member(tool, "function");
      const json::Node& function = inner ? *inner : tool;
      const auto name = member(function, "name");
      if (!name || !name->is_string()) continue;
      Parameters& parameters = tools_[name->as_string()];
      const auto schema = member(function, "parameters");
      if (!schema) continue;
      const auto own = resolved(*schema, *schema);
      const auto properties = own ? member(*own, "properties") : std::nullopt;
      if (!properties || !properties->is_object()) continue;
      for (const auto& [key, value] : properties->members()) {
        parameters[key] = SchemaReader(*schema).types(value);
      }
    }
  } catch (const Error&) {
    tools_.clear();
  }
}

bool OfferedTools::offers(std::string_view name) const {
  return tools_.contains(name);
}

JsonTypes OfferedTools::types(std::string_view name, std::string_view parameter) const {
  const auto tool = tools_.find(name);
  if (tool == tools_.end()) return kJsonAny;
  const auto found = tool->second.find(parameter);
  return found == tool->second.end() ? kJsonAny : found->second;
}

}  // namespace sanctum::text
