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

}  // namespace

void check_schema(const json::Node& schema) {
  std::size_t references = 0;
  check(schema, references);
}

void check_lark(const std::string& source) {
  if (source.size() > kLarkBytesMax) refuse("the grammar has more bytes", kLarkBytesMax);
}

}  // namespace sanctum::text
