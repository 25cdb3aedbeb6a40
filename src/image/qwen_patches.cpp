#include "image/qwen_patches.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "image/resize.h"

namespace sanctum::image {
namespace {

using Levels = std::array<std::array<float, 256>, 3>;

// What each 8-bit value of each channel becomes, in numpy's order of single-precision operations.
Levels levels_of(const QwenImageConfig& config) {
  Levels levels;
  for (int channel = 0; channel < 3; ++channel) {
    for (int value = 0; value < 256; ++value) {
      float level = static_cast<float>(value);
      if (config.do_rescale) level *= config.rescale_factor;
      if (config.do_normalize) {
        level = (level - config.image_mean[channel]) / config.image_std[channel];
      }
      levels[channel][value] = level;
    }
  }
  return levels;
}

// One patch whose top left pixel is (left, top); returns where the next one starts.
float* write_patch(const Picture& picture, int left, int top, const QwenImageConfig& config,
                   const Levels& levels, float* to) {
  const std::size_t frame = static_cast<std::size_t>(config.patch_size) * config.patch_size;
  for (int channel = 0; channel < 3; ++channel) {
    const float* first = to;
    for (int y = 0; y < config.patch_size; ++y) {
      const std::uint8_t* from = picture.at(left, top + y) + channel;
      for (int x = 0; x < config.patch_size; ++x, from += 3) *to++ = levels[channel][*from];
    }
    for (int repeat = 1; repeat < config.temporal_patch_size; ++repeat) {
      to = std::copy_n(first, frame, to);
    }
  }
  return to;
}

}  // namespace

QwenSize smart_resize(int width, int height, const QwenImageConfig& config) {
  const double longer = std::max(width, height);
  const double shorter = std::min(width, height);
  if (longer / shorter > kAspectMax) {
    throw Error(ErrorCode::kInvalid,
                "the picture is " + std::to_string(width) + "x" + std::to_string(height) +
                    " pixels; one side may be at most " + std::to_string(kAspectMax) +
                    " times the other",
                "image");
  }
  const double factor = config.factor();
  const double pixels = static_cast<double>(width) * height;
  // Ties go to even, as Python's round() does and nearbyint() in its default mode.
  double h = std::nearbyint(height / factor) * factor;
  double w = std::nearbyint(width / factor) * factor;
  if (h * w > static_cast<double>(config.max_pixels)) {
    const double beta = std::sqrt(pixels / static_cast<double>(config.max_pixels));
    h = std::max(factor, std::floor(height / beta / factor) * factor);
    w = std::max(factor, std::floor(width / beta / factor) * factor);
  } else if (h * w < static_cast<double>(config.min_pixels)) {
    const double beta = std::sqrt(static_cast<double>(config.min_pixels) / pixels);
    h = std::ceil(height * beta / factor) * factor;
    w = std::ceil(width * beta / factor) * factor;
  }
  return {static_cast<int>(w), static_cast<int>(h)};
}

QwenGrid grid_of(const QwenSize& resized, const QwenImageConfig& config) {
  return {1, resized.height / config.patch_size, resized.width / config.patch_size};
}

QwenPicture qwen_picture(const Picture& picture, const QwenImageConfig& config) {
  const QwenSize size = smart_resize(picture.width, picture.height, config);
  return {grid_of(size, config), config,
          resize(picture, size.width, size.height, Filter::kBicubic)};
}

std::vector<float> qwen_patches(const QwenPicture& picture, int first, int last) {
  const QwenImageConfig& config = picture.config;
  const Levels levels = levels_of(config);
  const int merge = config.merge_size, merged = merge * merge;
  const int merged_columns = picture.grid.w / merge;
  std::vector<float> patches(static_cast<std::size_t>(last - first) * picture.columns());
  float* to = patches.data();
  for (int patch = first; patch < last; ++patch) {
    const int group = patch / merged, within = patch % merged;
    const int row = group / merged_columns * merge + within / merge;
    const int column = group % merged_columns * merge + within % merge;
    to = write_patch(picture.pixels, column * config.patch_size, row * config.patch_size, config,
                     levels, to);
  }
  return patches;
}

}  // namespace sanctum::image
