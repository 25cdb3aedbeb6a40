// The smallest picture that has a colour.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace sanctum::stress {

using Rgb = std::array<std::uint8_t, 3>;

// A PNG file of 1x1 pixels, 8-bit RGB.
std::string one_pixel_png(Rgb color);

}  // namespace sanctum::stress
