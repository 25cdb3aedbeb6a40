#include "platform/own_address.h"

#include <gtest/gtest.h>

namespace sanctum::platform {
namespace {

TEST(OwnAddress, IsWhatCanBeListenedOn) {
  for (const char* own : {"127.0.0.1", "0.0.0.0"}) EXPECT_TRUE(is_own_address(own)) << own;
  // Set aside for documentation: nobody has it.
  EXPECT_FALSE(is_own_address("203.0.113.7"));
  EXPECT_TRUE(is_own_address("no address")) << "nobody acts on what could not be found out";
}

}  // namespace
}  // namespace sanctum::platform
