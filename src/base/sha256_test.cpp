#include "base/sha256.h"

#include <gtest/gtest.h>

namespace sanctum {
namespace {

// NIST's example of one block.
TEST(Sha256, OfAbc) {
  const Sha256 digest = sha256("abc");
  EXPECT_EQ(digest[0], std::byte{0xba});
  EXPECT_EQ(digest[1], std::byte{0x78});
  EXPECT_EQ(digest[31], std::byte{0xad});
}

}  // namespace
}  // namespace sanctum
