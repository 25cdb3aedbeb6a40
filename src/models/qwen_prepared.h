// A picture between Qwen3-VL's processor and its tower.
#pragma once

#include <utility>

#include "image/qwen_patches.h"
#include "models/prepared_picture.h"

namespace sanctum::models {

struct QwenPrepared final : PreparedPicture {
  explicit QwenPrepared(image::QwenPicture of) : picture(std::move(of)) {}
  std::uint64_t bytes() const override { return picture.pixels.rgb.size(); }

  const image::QwenPicture picture;
};

}  // namespace sanctum::models
