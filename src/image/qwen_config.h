// How a Qwen2/2.5/3-VL checkpoint wants its pictures: the image part of preprocessor_config.json.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sanctum::image {

// Defaults are those of mlx-vlm's Qwen3VLImageProcessor.
struct QwenImageConfig {
  int patch_size = 16;          // pixels a side
  int temporal_patch_size = 2;  // frames a patch; a still picture is repeated
  int merge_size = 2;           // patches a side that become one token
  std::int64_t min_pixels = 56 * 56;
  std::int64_t max_pixels = 14 * 14 * 4 * 1280;
  bool do_rescale = true;
  float rescale_factor = 1.0f / 255.0f;
  bool do_normalize = true;
  std::array<float, 3> image_mean{0.5f, 0.5f, 0.5f};
  std::array<float, 3> image_std{0.5f, 0.5f, 0.5f};

  // Both sides of a resized picture are multiples of this many pixels.
  int factor() const { return patch_size * merge_size; }
  // Floats in a patch: channels * frames * side * side.
  int patch_values() const { return 3 * temporal_patch_size * patch_size * patch_size; }
};

// Reads preprocessor_config.json's text; where processor_config.json is there too, the members of
// its "image_processor" win. Empty text counts as a file that is not there. Members of `size`
// (shortest_edge, longest_edge) give min_pixels and max_pixels unless those stand by themselves.
// Throws Error(kInvalid) with the path of what is wrong.
QwenImageConfig parse_qwen_image_config(std::string_view preprocessor_json,
                                        std::string_view processor_json = {});

// The same from a checkpoint's directory; files that are missing leave the defaults.
QwenImageConfig load_qwen_image_config(const std::string& model_directory);

}  // namespace sanctum::image
