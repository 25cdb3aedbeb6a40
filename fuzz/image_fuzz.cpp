// Any bytes through decoder and resampler: a picture or an Error, within tiny limits.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/invariant.h"
#include "image/decode.h"
#include "image/resize.h"

namespace {

constexpr sanctum::image::DecodeLimits kTiny{
    .side_max = 256, .pixels_max = 1 << 14, .working_bytes_max = 1 << 20};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sanctum::image;
  try {
    const Picture picture = decode({reinterpret_cast<const char*>(data), size}, kTiny);
    const std::size_t bytes = static_cast<std::size_t>(picture.width) * picture.height * 3;
    SANCTUM_INVARIANT(picture.rgb.size() == bytes, "a picture has three bytes a pixel");
    const int width = 1 + data[size - 1] % 64;
    const int height = 1 + data[size / 2] % 64;
    SANCTUM_INVARIANT(
        resize(picture, width, height).rgb.size() == static_cast<std::size_t>(width) * height * 3,
        "a resized picture has the size asked for");
  } catch (const sanctum::Error& error) {
    SANCTUM_INVARIANT(error.field() == "image", "a refusal names the image");
  }
  return 0;
}
