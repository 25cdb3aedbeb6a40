// Which tokens may come next, one bit each in words of 32; what a mask does not reach may not.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sanctum::engine {

using TokenMask = std::vector<std::uint32_t>;

// This token alone.
TokenMask only(int token);
// Those of `allowed` (empty: all of `vocabulary`) but for this one, unless there is no other.
TokenMask all_but(int token, std::span<const std::uint32_t> allowed, std::size_t vocabulary);

}  // namespace sanctum::engine
