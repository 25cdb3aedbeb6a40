#include "image/decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "image/test_picture.h"

namespace sanctum::image {
namespace {

TEST(Decode, EveryFormatAndOddityGivesPillowsPixels) {
  const std::string expected = read_file(testdata("decode.rgb"));
  auto lines = testdata_lines("decode.txt");
  std::string name;
  int width = 0;
  int height = 0;
  int tolerance = 0;
  std::size_t offset = 0;
  int files = 0;
  while (lines >> name >> width >> height >> tolerance) {
    SCOPED_TRACE(name);
    const Picture picture = decode(read_file(testdata("pictures/" + name)));
    const std::size_t size = static_cast<std::size_t>(width) * height * 3;
    ASSERT_LE(offset + size, expected.size());
    ASSERT_EQ(picture.width, width);
    ASSERT_EQ(picture.height, height);
    ASSERT_EQ(picture.rgb.size(), size);
    int worst = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const int want = static_cast<std::uint8_t>(expected[offset + i]);
      worst = std::max(worst, std::abs(picture.rgb[i] - want));
    }
    EXPECT_LE(worst, tolerance);
    offset += size;
    ++files;
  }
  EXPECT_EQ(offset, expected.size());
  EXPECT_GE(files, 69);
}

std::string refusal(const std::string& bytes, const DecodeLimits& limits = {}) {
  try {
    decode(bytes, limits);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    EXPECT_EQ(error.field(), "image");
    return error.what();
  }
  return "accepted";
}

TEST(Decode, WhatIsNoPictureIsRefused) {
  EXPECT_EQ(refusal(""), "the picture is empty (0 bytes)");
  for (const char* text : {"hello", "GIF88a\1\0\1\0", "RIFF\1\1\1\1WAVE", "<svg/>", "\xff\xd8"}) {
    EXPECT_EQ(refusal(text), "not a picture this server reads: send PNG, JPEG, WebP, GIF or BMP")
        << text;
  }
}

TEST(Decode, LimitsAreTheCallersAndNamed) {
  const std::string png = read_file(testdata("pictures/rgb.png"));  // 23x17
  EXPECT_EQ(refusal(png, {.side_max = 23}), "accepted");
  EXPECT_EQ(refusal(png, {.side_max = 22}), "the picture is 23x17 pixels; sides may be at most 22");
  EXPECT_EQ(refusal(png, {.pixels_max = 390}),
            "the picture is 23x17 pixels; at most 390 pixels are accepted");
  const std::string webp = read_file(testdata("pictures/lossless.webp"));
  EXPECT_EQ(refusal(webp, {.working_bytes_max = 1563}),
            "decoding this 23x17 picture needs more than 0 MiB; send a smaller one");
}

// What lies below transparent pixels is nobody's business.
TEST(Decode, TransparentPixelsAreWhite) {
  for (const std::string name : {"palette_clear.png", "offset_clear.gif", "clear.gif"}) {
    const Picture picture = decode(read_file(testdata("pictures/" + name)));
    const std::vector<std::uint8_t> white{255, 255, 255};
    const auto found =
        std::search(picture.rgb.begin(), picture.rgb.end(), white.begin(), white.end());
    EXPECT_NE(found, picture.rgb.end()) << name;
  }
}

TEST(Decode, BitmapsThatAreNotReadSaySo) {
  std::string bmp = read_file(testdata("pictures/palette8.bmp"));
  bmp[30] = 1;
  EXPECT_EQ(refusal(bmp),
            "the BMP is compressed by run lengths, which is not read: send it uncompressed or as "
            "PNG");
  bmp[30] = 5;
  EXPECT_EQ(refusal(bmp),
            "the BMP is compressed in a way that is not read: send it uncompressed or as PNG");
  bmp[30] = 0;
  bmp[28] = 2;
  EXPECT_EQ(refusal(bmp), "the BMP has 2 bits a pixel, which is not read");
  bmp[14] = 41 + 84;
  EXPECT_EQ(refusal(bmp), "the BMP is damaged: its header has 125 bytes");
}

TEST(Decode, ProgressiveJpegIsBoundedInMemoryAndScans) {
  const std::string jpeg = read_file(testdata("hostile/scans.jpg"));  // 192x192, over 200 scans
  EXPECT_EQ(refusal(jpeg), "the JPEG is damaged: it has too many scans");
  EXPECT_EQ(refusal(jpeg, {.working_bytes_max = 1000}),
            "the JPEG is damaged: decoding it needs too much memory; send a smaller or a baseline "
            "one");
}

}  // namespace
}  // namespace sanctum::image
