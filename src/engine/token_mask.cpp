#include "engine/token_mask.h"

#include <algorithm>

namespace sanctum::engine {
namespace {

constexpr std::size_t kBits = 32;

std::uint32_t bit_of(std::size_t token) {
  return std::uint32_t{1} << (token % kBits);
}

}  // namespace

TokenMask only(int token) {
  const auto at = static_cast<std::size_t>(token);
  TokenMask mask(at / kBits + 1);
  mask[at / kBits] = bit_of(at);
  return mask;
}

TokenMask all_but(int token, std::span<const std::uint32_t> allowed, std::size_t vocabulary) {
  const auto at = static_cast<std::size_t>(token);
  TokenMask mask = allowed.empty() ? TokenMask((vocabulary + kBits - 1) / kBits, ~std::uint32_t{0})
                                   : TokenMask(allowed.begin(), allowed.end());
  if (at / kBits >= mask.size()) return mask;
  mask[at / kBits] &= ~bit_of(at);
  const bool none = std::all_of(mask.begin(), mask.end(), [](auto word) { return word == 0; });
  return none ? only(token) : mask;
}

}  // namespace sanctum::engine
