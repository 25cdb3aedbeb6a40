#include "engine/token_mask.h"

#include <gtest/gtest.h>

namespace sanctum::engine {
namespace {

bool may(const TokenMask& mask, std::size_t token) {
  return token / 32 < mask.size() && (mask[token / 32] >> (token % 32) & 1u) != 0;
}

TEST(TokenMask, OneAlone) {
  const TokenMask mask = only(40);
  for (std::size_t token = 0; token < 100; ++token) EXPECT_EQ(may(mask, token), token == 40);
}

TEST(TokenMask, AllButOne) {
  const TokenMask free = all_but(40, {}, 70);
  for (std::size_t token = 0; token < 70; ++token) EXPECT_EQ(may(free, token), token != 40);
  const TokenMask two{0b101u, 1u};
  const TokenMask bound = all_but(2, two, 70);
  EXPECT_EQ(bound, (TokenMask{0b001u, 1u}));
  EXPECT_EQ(all_but(69, two, 70), two) << "it was not among them";
}

TEST(TokenMask, WhatAloneMayComeComes) {
  EXPECT_EQ(all_but(40, only(40), 70), only(40));
}

}  // namespace
}  // namespace sanctum::engine
