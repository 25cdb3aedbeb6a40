#include "image/orientation.h"

#include <gtest/gtest.h>

namespace sanctum::image {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(Orientation, ReadsBothByteOrdersAndIgnoresThePrefix) {
  const auto little = "II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"sv;
  const auto big = "MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x05\0\0\0\0\0\0"sv;
  EXPECT_EQ(exif_orientation(little), 6);
  EXPECT_EQ(exif_orientation(big), 5);
  EXPECT_EQ(exif_orientation("Exif\0\0"s.append(big)), 5);
}

TEST(Orientation, DamagedMetadataIsNoOrientation) {
  const auto good = "II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"sv;
  for (std::size_t size = 0; size < 20; ++size) {
    EXPECT_EQ(exif_orientation(good.substr(0, size)), std::nullopt) << size;
  }
  std::string changed(good);
  changed[18] = 9;  // no such orientation
  EXPECT_EQ(exif_orientation(changed), std::nullopt);
  changed = good;
  changed[7] = '\xff';  // a directory far beyond the end
  EXPECT_EQ(exif_orientation(changed), std::nullopt);
  changed = good;
  changed[8] = '\xff';  // more entries than bytes
  changed[10] = 0;
  EXPECT_EQ(exif_orientation(changed), std::nullopt);
  EXPECT_EQ(exif_orientation("nonsense"), std::nullopt);
}

TEST(Orientation, ReadsXmpAttributesAndElements) {
  EXPECT_EQ(xmp_orientation("<a tiff:Orientation=\"3\"/>"), 3);
  EXPECT_EQ(xmp_orientation("<tiff:Orientation>8</tiff:Orientation>"), 8);
  EXPECT_EQ(xmp_orientation("<a tiff:Orientation=\""), std::nullopt);
  EXPECT_EQ(xmp_orientation("<a tiff:Orientation=\"x\"/>"), std::nullopt);
  EXPECT_EQ(xmp_orientation(""), std::nullopt);
}

// Two columns, three rows:  1 2 / 3 4 / 5 6.
std::string turned(int orientation) {
  Picture stored{2, 3, {}};
  for (std::uint8_t i = 1; i <= 6; ++i) stored.rgb.insert(stored.rgb.end(), {i, i, i});
  const Picture out = oriented(stored, orientation);
  std::string text;
  for (int y = 0; y < out.height; ++y) {
    if (y > 0) text += '/';
    for (int x = 0; x < out.width; ++x) text += static_cast<char>('0' + *out.at(x, y));
  }
  return text;
}

TEST(Orientation, TurnsAndMirrors) {
  EXPECT_EQ(turned(0), "12/34/56");
  EXPECT_EQ(turned(1), "12/34/56");
  EXPECT_EQ(turned(2), "21/43/65");
  EXPECT_EQ(turned(3), "65/43/21");
  EXPECT_EQ(turned(4), "56/34/12");
  EXPECT_EQ(turned(5), "135/246");
  EXPECT_EQ(turned(6), "531/642");
  EXPECT_EQ(turned(7), "642/531");
  EXPECT_EQ(turned(8), "246/135");
  EXPECT_EQ(turned(9), "12/34/56");
}

}  // namespace
}  // namespace sanctum::image
