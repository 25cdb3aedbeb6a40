// Resampling as Pillow 13's Image.resize does it for 8-bit RGB, bit for bit.
//
// The filter is stretched when shrinking (antialiasing). Two passes, each skipped where the size
// stays; weights are fixed point with 22 fraction bits and every pass rounds to 8 bits. Rows are
// stretched first, except where the height shrinks by more than twice as many pixels as the width:
// there Pillow 13 (not 12) stretches columns first.
// Thread rule: any thread, no shared state.
#pragma once

#include "image/picture.h"

namespace sanctum::image {

enum class Filter { kBilinear, kBicubic, kLanczos };

// `width` and `height` in pixels, 1 to kSideMax; anything else is Error(kInvalid, ..., "image").
Picture resize(const Picture& picture, int width, int height, Filter filter = Filter::kBicubic);

}  // namespace sanctum::image
