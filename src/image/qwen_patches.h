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

// A picture as large as the tower wants it, kept as bytes: its patches are eight times as large.
struct QwenPicture {
  QwenGrid grid;
  QwenImageConfig config;
  Picture pixels;

  // Floats a patch: channel, frame, row, column (the last fastest).
  int columns() const { return config.patch_values(); }
};

// The size a picture of width x height pixels is resized to. Throws Error(kInvalid, ..., "image")
// when one side is over kAspectMax times the other.
QwenSize smart_resize(int width, int height, const QwenImageConfig& config);
QwenGrid grid_of(const QwenSize& resized, const QwenImageConfig& config);

QwenPicture qwen_picture(const Picture& picture, const QwenImageConfig& config);
// Patches [first, last) of grid.patches(), [last - first, columns]; merge_size x merge_size
// neighbours stand together. The same floats however the patches are parted.
std::vector<float> qwen_patches(const QwenPicture& picture, int first, int last);

}  // namespace sanctum::image
