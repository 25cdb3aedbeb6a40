#include "text/offered_tools.h"

#include <gtest/gtest.h>

namespace sanctum::text {
namespace {

constexpr std::string_view kTools = R"([
  {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {
    "text": {"type": "string"}, "count": {"type": "integer"}, "maybe": {"type": ["string", "null"]},
    "either": {"anyOf": [{"type": "array"}, {"$ref": "#/$defs/Size"}]}, "kind": {"enum": ["a", 1]},
    "fixed": {"const": true}, "round": {"$ref": "#/properties/round"}, "free": {"description": "x"},
    "open": {"oneOf": [{"type": "string"}, {}]}, "all": {"allOf": [{"type": "object"}]},
    "odd": {"type": "float"}, "flag": true},
    "$defs": {"Size": {"type": "number"}}}}},
  {"type": "function", "function": {"name": "g"}}, {"type": "other"}])";

TEST(OfferedTools, Names) {
  const OfferedTools tools(kTools);
  EXPECT_TRUE(tools.offers("f"));
  EXPECT_TRUE(tools.offers("g"));
  EXPECT_FALSE(tools.offers("h"));
  EXPECT_FALSE(tools.offers(""));
}

TEST(OfferedTools, TypesOfParameters) {
  const OfferedTools tools(kTools);
  EXPECT_EQ(tools.types("f", "text"), kJsonString);
  EXPECT_EQ(tools.types("f", "count"), kJsonNumber);
  EXPECT_EQ(tools.types("f", "maybe"), kJsonString | kJsonNull);
  EXPECT_EQ(tools.types("f", "either"), kJsonArray | kJsonNumber);
  EXPECT_EQ(tools.types("f", "kind"), kJsonString | kJsonNumber);
  EXPECT_EQ(tools.types("f", "fixed"), kJsonBoolean);
  EXPECT_EQ(tools.types("f", "all"), kJsonObject);
  for (const std::string_view open : {"round", "free", "open", "odd", "flag", "none"})
    EXPECT_EQ(tools.types("f", open), kJsonAny) << open;
  EXPECT_EQ(tools.types("g", "text"), kJsonAny);
  EXPECT_EQ(tools.types("h", "text"), kJsonAny);
}

TEST(OfferedTools, WhatCannotBeReadOffersNothing) {
  for (const std::string_view json : {"", "[]", "{}", "not json", "[3, {\"function\": 1}]"}) {
    const OfferedTools tools(json);
    EXPECT_TRUE(tools.empty()) << json;
    EXPECT_FALSE(tools.offers("any")) << json;
  }
}

}  // namespace
}  // namespace sanctum::text
