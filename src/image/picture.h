// A decoded picture: 8-bit RGB, rows from the top, no padding.
//
// Invariant: rgb.size() == width * height * 3 and both sides are at least 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sanctum::image {

struct Picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;

  const std::uint8_t* at(int x, int y) const {
    return rgb.data() + (static_cast<std::size_t>(y) * width + x) * 3;
  }
  std::uint8_t* at(int x, int y) {
    return rgb.data() + (static_cast<std::size_t>(y) * width + x) * 3;
  }
};

}  // namespace sanctum::image
