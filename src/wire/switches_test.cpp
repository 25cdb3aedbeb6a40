#include "wire/switches.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::wire {
namespace {

Switches read(const std::string& text) {
  const json::Document document(text);
  return decode_switches(document.root());
}

TEST(Switches, EachRoundTrips) {
  EXPECT_EQ(read("{}"), Switches());
  for (const auto& [name, value] : kSwitchNames) {
    Switches switches;
    switches.*value = false;
    EXPECT_EQ(read(encode(switches)), switches) << name;
    EXPECT_NE(read(encode(switches)), Switches()) << name;
  }
}

TEST(Switches, AnUnknownOneIsRefused) {
  EXPECT_THROW(read(R"({"visions":false})"), Error);
  EXPECT_THROW(read(R"({"vision":0})"), Error);
}

}  // namespace
}  // namespace sanctum::wire
