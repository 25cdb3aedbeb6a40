// What a picture's first bytes say, without decoding it: enough to refuse what is no picture, too
// large a one, or one too many, before the engine hears of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace sanctum::gateway {

inline constexpr int kPictureSideMax = 16384;  // pixels
inline constexpr std::int64_t kPicturePixelsMax = 64'000'000;

struct PictureHeader {
  std::string_view format;  // "png", "jpeg", "webp", "gif", "bmp"
  std::int64_t width = 0;
  std::int64_t height = 0;
};

// Throws Error(kInvalid, ..., `field`) for what is no PNG, JPEG, WebP, GIF or BMP, for a header
// that ends too early, and for a picture over the limits.
PictureHeader read_picture_header(std::string_view bytes, const std::string& field);

// The bytes of a picture's `data:` URL, its header checked. As RFC 2397 has it: scheme, type and
// "base64" in any case, parameters between, percent-encoded or base64; as base64 is sent in mail
// too, wrapped in lines and without its padding.
std::string decode_picture_url(const std::string& url, const std::string& field);

// To the pictures of a request, in order. Throws Error(kInvalid) about `node` for one more than
// wire::kImagesMax.
void add_picture(std::vector<std::string>& images, std::string bytes, const json::Node& node);

}  // namespace sanctum::gateway
