// One function a format, for decode.cpp alone: the picture as stored, and how it is to be turned.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "image/decode.h"

namespace sanctum::image {

struct Stored {
  Picture picture;
  int orientation = 1;  // as EXIF counts: 1 to 8
};

Stored decode_png(std::string_view file_bytes, const DecodeLimits& limits);
Stored decode_jpeg(std::string_view file_bytes, const DecodeLimits& limits);
Stored decode_webp(std::string_view file_bytes, const DecodeLimits& limits);
Stored decode_gif(std::string_view file_bytes, const DecodeLimits& limits);
Stored decode_bmp(std::string_view file_bytes, const DecodeLimits& limits);

// Throws Error(kInvalid, message, "image").
[[noreturn]] void fail(const std::string& message);

// An empty picture with room for its pixels, or an Error that names the limit it would break.
// `working_bytes_per_pixel` is what the format's library holds besides.
Picture allocate(std::int64_t width, std::int64_t height, std::int64_t working_bytes_per_pixel,
                 const DecodeLimits& limits);

}  // namespace sanctum::image
