#include "text/schema_nodes.h"

#include <gtest/gtest.h>

namespace sanctum::text {
namespace {

TEST(SchemaNodes, AReferenceIsFollowedAsAPointer) {
  const json::Document document(
      R"({"$defs":{"a/b":{"const":1},"c~":[{"const":2},{"const":3}],"loop":{"$ref":"#/$defs/loop"},
          "far":{"$ref":"#/$defs/a~1b"}}})");
  const json::Node root = document.root();
  EXPECT_EQ(referred(root, "#/$defs/a~1b")->dump(), R"({"const":1})");
  EXPECT_EQ(referred(root, "#/$defs/c~0/1")->dump(), R"({"const":3})");
  EXPECT_TRUE(referred(root, "#"));
  for (const char* nowhere :
       {"#/$defs/no", "#/$defs/c~0/2", "#/$defs/c~0/-1", "other.json#/a", "#anchor", "", "#/"})
    EXPECT_FALSE(referred(root, nowhere)) << nowhere;
  EXPECT_EQ(resolved(root, *referred(root, "#/$defs/far"))->dump(), R"({"const":1})");
  EXPECT_FALSE(resolved(root, *referred(root, "#/$defs/loop")));
}

TEST(SchemaNodes, NullIsAValue) {
  const json::Document one(R"({"const":null})"), several(R"({"enum":[null,"a"]})");
  ASSERT_EQ(listed_values(one.root()).size(), 1u);
  EXPECT_TRUE(listed_values(one.root())[0].is_null());
  EXPECT_EQ(listed_values(several.root()).size(), 2u);
}

TEST(SchemaNodes, WhatIsAskedForAndNotListed) {
  const json::Document document(R"({"properties":{"a":{}},"required":["a","b"]})");
  EXPECT_TRUE(requires_member(document.root(), "a"));
  EXPECT_FALSE(requires_member(document.root(), "c"));
  EXPECT_EQ(unlisted_member(document.root()), "b");
}

TEST(SchemaNodes, AKeywordThatBindsIsFound) {
  const json::Document document(R"({"type":"string","description":"d","x-a":1,"pattern":"a"})");
  EXPECT_EQ(keyword_beyond(document.root(), {"type"}), "pattern");
  EXPECT_FALSE(keyword_beyond(document.root(), {"type", "pattern"}));
}

}  // namespace
}  // namespace sanctum::text
