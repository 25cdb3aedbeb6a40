#include "stress/one_pixel_png.h"

#include <zlib.h>

#include <string_view>

#include "base/invariant.h"

namespace sanctum::stress {
namespace {

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 0xFF);
  return bytes;
}

// Length, type, data, and the CRC of type and data.
std::string chunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type) + std::string(data);
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body +
         big_endian(static_cast<std::uint32_t>(crc));
}

}  // namespace

std::string one_pixel_png(Rgb color) {
  // 8 bits a channel, truecolour, and the only methods of compression, filter and interlace off.
  const std::string header = big_endian(1) + big_endian(1) + std::string("\x08\x02\0\0\0", 5);
  const Bytef row[] = {0, color[0], color[1], color[2]};  // filter "none", then the pixel
  Bytef packed[64];
  uLongf packed_bytes = sizeof packed;
  const int rc = compress(packed, &packed_bytes, row, sizeof row);
  SANCTUM_INVARIANT(rc == Z_OK, "four bytes fit");
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) +
         chunk("IDAT", {reinterpret_cast<const char*>(packed), packed_bytes}) + chunk("IEND", "");
}

}  // namespace sanctum::stress
