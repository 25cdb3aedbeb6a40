// PNG, JPEG, WebP, GIF and BMP bytes to a Picture.
//
// Contract: pixels are those of Pillow's `ImageOps.exif_transpose(image)`, over white where they
// are transparent (`white.paste(image, mask=alpha)`), as vLLM, Ollama and Qwen's own preprocessing
// have them; mlx-vlm drops the transparency and shows whatever colour lies below. Palettes are
// looked up; CMYK is taken as Adobe writes it (inverted); an EXIF or XMP orientation is applied; of
// an animation the first frame is taken. Two differences from Pillow: 16-bit gray keeps its high
// byte, where Pillow clips every value over 255 to white, and a transparent colour of 16 bits is
// compared as a whole. Everything wrong with the bytes is Error(kInvalid, what, "image"). Sizes are
// checked from the header, before a pixel is decoded. Thread rule: any thread, no shared state.
#pragma once

#include <cstdint>
#include <string_view>

#include "image/picture.h"

namespace sanctum::image {

inline constexpr int kSideMax = 16384;                         // pixels
inline constexpr std::int64_t kPixelsMax = 64'000'000;         // pixels
inline constexpr std::int64_t kWorkingBytesMax = 256ll << 20;  // bytes beside the picture itself
inline constexpr int kJpegScansMax = 128;                      // scans; encoders write about ten

struct DecodeLimits {
  int side_max = kSideMax;
  std::int64_t pixels_max = kPixelsMax;
  std::int64_t working_bytes_max = kWorkingBytesMax;
};

Picture decode(std::string_view file_bytes, const DecodeLimits& limits = {});

}  // namespace sanctum::image
