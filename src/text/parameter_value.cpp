#include "text/parameter_value.h"

#include "base/json.h"
#include "text/json_scanner.h"
#include "text/markers.h"

namespace sanctum::text {
namespace {

// What Jinja writes of Python's values.
std::string_view from_python(std::string_view word) {
  if (word == "True") return "true";
  if (word == "False") return "false";
  if (word == "None") return "null";
  return word;
}

}  // namespace

std::optional<JsonTypes> json_type(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  JsonScanner scanner;
  const std::string list = "[" + std::string(text) + "]";
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonScanner::Status status = scanner.push(list[i]);
    const bool last = i + 1 == list.size();
    if (status != (last ? JsonScanner::Status::kDone : JsonScanner::Status::kMore))
      return std::nullopt;
  }
  if (json_children(list).size() != 1) return std::nullopt;
  switch (text.front()) {
    case '{':
      return kJsonObject;
    case '[':
      return kJsonArray;
    case '"':
      return kJsonString;
    case 't':
    case 'f':
      return kJsonBoolean;
    case 'n':
      return kJsonNull;
    default:
      return kJsonNumber;
  }
}

std::string parameter_json(JsonTypes types, std::string_view text) {
  std::string_view word = trimmed(text);
  if (types != kJsonAny) {
    const std::string_view spelled = from_python(word);
    const auto python = json_type(spelled);
    if (spelled != word && python && (types & *python) != 0) word = spelled;
  }
  const auto type = json_type(word);
  const bool written =
      type && *type != kJsonString && ((types & *type) != 0 || (types & kJsonString) == 0);
  return written ? std::string(word) : json::quote(text);
}

}  // namespace sanctum::text
