#include "client/model_abilities.h"

#include <gtest/gtest.h>

namespace sanctum::client {
namespace {

TEST(ModelAbilities, AreThoseOfItsEntry) {
  const std::string list =
      R"({"data":[{"id":"a","vision":true,"tools":false,"sampling":{"temperature":0.6}},
                  {"id":"b","vision":false,"sampling":{}},{"id":"c"},{"id":"d","vision":1}]})";
  const auto a = abilities_of(list, "a");
  EXPECT_EQ(a.vision, true);
  EXPECT_EQ(a.tools, false);
  EXPECT_TRUE(a.sampling);
  const auto b = abilities_of(list, "b");
  EXPECT_EQ(b.vision, false);
  EXPECT_EQ(b.tools, std::nullopt);
  EXPECT_FALSE(b.sampling) << "its maker chose nothing";
  for (const char* untold : {"c", "d", "e"})
    EXPECT_EQ(abilities_of(list, untold).vision, std::nullopt);
  EXPECT_EQ(abilities_of("<html>", "a").vision, std::nullopt);
}

}  // namespace
}  // namespace sanctum::client
