// One picture on its way through the vision tower, by parts of a layer's rows, so that a large
// picture holds up nobody's next token.
#pragma once

#include <memory>

#include "models/vision_tower.h"

namespace sanctum::models {

// `tower` and `picture` must outlive the encoding.
std::unique_ptr<Encoding> begin_vision_encoding(const VisionTower& tower,
                                                const image::QwenPicture& picture);

}  // namespace sanctum::models
