// What a parser has to know of a request's tools: their names and their parameters' types.
//
// Immutable.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace sanctum::text {

// A set of JSON's types.
using JsonTypes = unsigned;
inline constexpr JsonTypes kJsonNull = 1, kJsonBoolean = 2, kJsonNumber = 4, kJsonString = 8,
                           kJsonArray = 16, kJsonObject = 32;
inline constexpr JsonTypes kJsonAny = 63;

class OfferedTools {
 public:
  // None are known.
  OfferedTools() = default;
  // `tools_json`: an array as OpenAI's, or empty. Throws nothing: a tool that can't be read is one
  // of which nothing is known (the template was given the same text, and has refused it if need
  // be).
  explicit OfferedTools(std::string_view tools_json);

  bool empty() const { return tools_.empty(); }
  bool offers(std::string_view name) const;
  // Which types the tool's schema allows its parameter; kJsonAny where it doesn't say.
  JsonTypes types(std::string_view name, std::string_view parameter) const;

 private:
  using Parameters = std::map<std::string, JsonTypes, std::less<>>;
  std::map<std::string, Parameters, std::less<>> tools_;
};

}  // namespace sanctum::text
