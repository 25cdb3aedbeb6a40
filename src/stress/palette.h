// The colours that the vision pipeline asks about, and how models call them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stress/one_pixel_png.h"

namespace sanctum::stress {

struct Color {
  Rgb rgb;
  std::vector<std::string_view> names;  // lower case, the usual one first
};

const std::vector<Color>& palette();

// The first colour word of the palette in `text`, as whole word and whatever its case: its place
// in palette(); -1 where there is none.
int first_color_named(std::string_view text);

}  // namespace sanctum::stress
