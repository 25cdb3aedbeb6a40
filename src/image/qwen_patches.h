// The Qwen2/2.5/3-VL image processor: a picture to the rows its vision tower reads.
//
// Follows mlx-vlm 0.7.10's own numpy Qwen3VLImageProcessor (it replaces transformers' for these
// models; both agree): smart_resize, Pillow's bicubic, times 1/255, minus mean, over std.
// Thread rule: any thread, no shared state.
#pragma once

#include <cstdint>
#include <vector>

#include "image/picture.h"
#include "image/qwen_config.h"

namespace sanctum::image {

inline constexpr int kAspectMax = 200;  // longer side over shorter side

struct QwenSize {
  int width = 0;   // pixels
  int height = 0;  // pixels
};

// Patches in time, down and across. A picture has t = 1.
struct QwenGrid {
  int t = 0;
  int h = 0;
  int w = 0;

  std::int64_t patches() const { return static_cast<std::int64_t>(t) * h * w; }
  // Tokens the picture takes in the prompt.
  std::int64_t tokens(const QwenImageConfig& config) const {
    return patches() / (config.merge_size * config.merge_size);
  }
};

struct QwenPatches {
  QwenGrid grid;
  int columns = 0;  // floats a patch: channel, frame, row, column (the last fastest)
  // [grid.patches(), columns]; merge_size x merge_size neighbours stand together.
  std::vector<float> values;
};

// The size a picture of width x height pixels is resized to. Throws Error(kInvalid, ..., "image")
// when one side is over kAspectMax times the other.
QwenSize smart_resize(int width, int height, const QwenImageConfig& config);
QwenGrid grid_of(const QwenSize& resized, const QwenImageConfig& config);

QwenPatches qwen_patches(const Picture& picture, const QwenImageConfig& config);

}  // namespace sanctum::image
