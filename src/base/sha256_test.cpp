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

TEST(Sha256Hash, PiecesAreTheWhole) {
  Sha256Hash hash;
  for (const char* piece : {"a", "", "bc"}) hash.add(piece);
  EXPECT_EQ(hash.take(), sha256("abc"));
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace sanctum
