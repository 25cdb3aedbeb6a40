#include "image/orientation.h"

#include <algorithm>
#include <cstdint>

namespace sanctum::image {
namespace {

constexpr std::uint16_t kOrientationTag = 0x0112;
constexpr std::uint16_t kTypeByte = 1;
constexpr std::uint16_t kTypeShort = 3;
constexpr std::uint16_t kTypeLong = 4;
constexpr std::size_t kEntryBytes = 12;

// Unsigned integers of a TIFF block in its own byte order; nothing beyond its end.
class Tiff {
 public:
  Tiff(std::string_view bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  std::optional<std::uint32_t> read(std::size_t offset, std::size_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = offset + (big_endian_ ? i : size - 1 - i);
      value = value << 8 | static_cast<std::uint8_t>(bytes_[at]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool big_endian_;
};

std::optional<int> in_range(std::optional<std::uint32_t> value) {
  if (!value || *value < 1 || *value > 8) return std::nullopt;
  return static_cast<int>(*value);
}

std::size_t size_of(std::uint32_t type) {
  return type == kTypeByte ? 1 : type == kTypeShort ? 2 : type == kTypeLong ? 4 : 0;
}

}  // namespace

std::optional<int> exif_orientation(std::string_view exif) {
  using namespace std::string_view_literals;
  while (exif.starts_with("Exif\0\0"sv)) exif.remove_prefix(6);
  const bool big_endian = exif.starts_with("MM\0\x2a"sv);
  if (!big_endian && !exif.starts_with("II\x2a\0"sv)) return std::nullopt;
  const Tiff tiff(exif, big_endian);
  const auto directory = tiff.read(4, 4);
  if (!directory) return std::nullopt;
  const auto entries = tiff.read(*directory, 2);
  if (!entries) return std::nullopt;
  for (std::size_t i = 0; i < *entries; ++i) {
    const std::size_t entry = *directory + 2 + i * kEntryBytes;
    const auto tag = tiff.read(entry, 2);
    if (!tag) return std::nullopt;
    if (*tag != kOrientationTag) continue;
    const std::size_t size = size_of(tiff.read(entry + 2, 2).value_or(0));
    if (size == 0 || tiff.read(entry + 4, 4) != 1u) return std::nullopt;
    return in_range(tiff.read(entry + 8, size));
  }
  return std::nullopt;
}

std::optional<int> xmp_orientation(std::string_view xmp) {
  for (const std::string_view before : {"tiff:Orientation=\"", "tiff:Orientation>"}) {
    const std::size_t found = xmp.find(before);
    if (found == std::string_view::npos || found + before.size() >= xmp.size()) continue;
    return in_range(static_cast<std::uint32_t>(xmp[found + before.size()] - '0'));
  }
  return std::nullopt;
}

Picture oriented(Picture stored, int orientation) {
  if (orientation < 2 || orientation > 8) return stored;
  const int w = stored.width;
  const int h = stored.height;
  const bool swapped = orientation >= 5;
  Picture out{swapped ? h : w, swapped ? w : h, {}};
  out.rgb.resize(stored.rgb.size());
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      int from_x = swapped ? y : x;
      int from_y = swapped ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) {
        from_x = w - 1 - from_x;
      }
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) {
        from_y = h - 1 - from_y;
      }
      std::copy_n(stored.at(from_x, from_y), 3, out.at(x, y));
    }
  }
  return out;
}

}  // namespace sanctum::image
