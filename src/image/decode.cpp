#include "image/decode.h"

#include "base/error.h"
#include "image/codecs.h"
#include "image/orientation.h"

namespace sanctum::image {

void fail(const std::string& message) {
  throw Error(ErrorCode::kInvalid, message, "image");
}

Picture allocate(std::int64_t width, std::int64_t height, std::int64_t working_bytes_per_pixel,
                 const DecodeLimits& limits) {
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  if (width < 1 || height < 1) fail("the picture is empty (" + size + ")");
  if (width > limits.side_max || height > limits.side_max) {
    fail("the picture is " + size + " pixels; sides may be at most " +
         std::to_string(limits.side_max));
  }
  if (width * height > limits.pixels_max) {
    fail("the picture is " + size + " pixels; at most " + std::to_string(limits.pixels_max) +
         " pixels are accepted");
  }
  if (width * height * working_bytes_per_pixel > limits.working_bytes_max) {
    fail("decoding this " + size + " picture needs more than " +
         std::to_string(limits.working_bytes_max >> 20) + " MiB; send a smaller one");
  }
  Picture picture{static_cast<int>(width), static_cast<int>(height), {}};
  picture.rgb.resize(static_cast<std::size_t>(width) * height * 3);
  return picture;
}

Picture decode(std::string_view file_bytes, const DecodeLimits& limits) {
  Stored stored;
  if (file_bytes.starts_with("\x89PNG\r\n\x1a\n")) {
    stored = decode_png(file_bytes, limits);
  } else if (file_bytes.starts_with("\xff\xd8\xff")) {
    stored = decode_jpeg(file_bytes, limits);
  } else if (file_bytes.starts_with("RIFF") && file_bytes.substr(0, 12).ends_with("WEBP")) {
    stored = decode_webp(file_bytes, limits);
  } else if (file_bytes.starts_with("GIF87a") || file_bytes.starts_with("GIF89a")) {
    stored = decode_gif(file_bytes, limits);
  } else if (file_bytes.starts_with("BM")) {
    stored = decode_bmp(file_bytes, limits);
  } else if (file_bytes.empty()) {
    fail("the picture is empty (0 bytes)");
  } else {
    fail("not a picture this server reads: send PNG, JPEG, WebP, GIF or BMP");
  }
  return oriented(std::move(stored.picture), stored.orientation);
}

}  // namespace sanctum::image
