#include "stress/one_pixel_png.h"

#include <gtest/gtest.h>
#include <png.h>

#include "stress/palette.h"

namespace sanctum::stress {
namespace {

TEST(OnePixelPng, LibpngReadsTheColourBack) {
  for (const auto& color : palette()) {
    const auto bytes = one_pixel_png(color.rgb);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    ASSERT_NE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()), 0)
        << image.message;
    EXPECT_EQ(image.width, 1u);
    EXPECT_EQ(image.height, 1u);
    EXPECT_EQ(image.format, static_cast<png_uint_32>(PNG_FORMAT_RGB)) << "as stored";
    image.format = PNG_FORMAT_RGB;
    Rgb pixel{};
    ASSERT_NE(png_image_finish_read(&image, nullptr, pixel.data(), 0, nullptr), 0) << image.message;
    EXPECT_EQ(image.warning_or_error, 0u) << image.message;
    EXPECT_EQ(pixel, color.rgb) << color.names.front();
  }
}

}  // namespace
}  // namespace sanctum::stress
