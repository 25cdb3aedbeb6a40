#include "text/grammar_limits.h"

#include "base/error.h"

namespace sanctum::text {
namespace {

[[noreturn]] void refuse(const std::string& what, std::size_t most) {
  throw Error(ErrorCode::kInvalid, what + " than " + std::to_string(most));
}

void check(const json::Node& node, std::size_t& references) {
  if (node.is_array())
    for (const auto& item : node.as_array()) check(item, references);
  if (!node.is_object()) return;
  for (const auto& [key, value] : node.members()) {
    if (key == "$ref" && ++references > kReferencesMax)
      refuse("the schema has more references", kReferencesMax);
    if (value.is_object()) {
      const std::size_t members = value.members().size();
      if (key == "properties" && members > kPropertiesMax)
        refuse("an object of the schema has more properties", kPropertiesMax);
      if (key == "patternProperties" && members > kPatternPropertiesMax)
        refuse("an object of the schema has more patternProperties", kPatternPropertiesMax);
    }
    check(value, references);
  }
}

void write_within(json::Writer& w, const json::Node& node, bool strict,
                  std::set<std::string>& left_out) {
  if (node.is_array()) {
    w.begin_array();
    for (const auto& item : node.as_array()) write_within(w, item, strict, left_out);
    w.end_array();
  } else if (node.is_object()) {
    w.begin_object();
    for (const auto& [key, value] : node.members()) {
      const bool length = (key == "maxLength" || key == "minLength") && value.is_number();
      if (length && value.as_double() > static_cast<double>(kLengthMax)) {
        if (strict) refuse("'" + key + "' cannot be enforced for more letters", kLengthMax);
        left_out.insert(key);
        continue;
      }
      w.key(key);
      write_within(w, value, strict, left_out);
    }
    w.end_object();
  } else {
    w.raw(node.dump());
  }
}

}  // namespace

std::string within_lengths(const json::Node& schema, bool strict, std::set<std::string>& left_out) {
  std::string all = schema.dump();
  if (all.find("Length\"") == std::string::npos) return all;
  json::Writer w;
  write_within(w, schema, strict, left_out);
  return w.take();
}

void check_schema(const json::Node& schema) {
  std::size_t references = 0;
  check(schema, references);
}

void check_lark(const std::string& source) {
  if (source.size() > kLarkBytesMax) refuse("the grammar has more bytes", kLarkBytesMax);
}

}  // namespace sanctum::text
