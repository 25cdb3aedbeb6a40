#include "image/resize.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "image/test_picture.h"

namespace sanctum::image {
namespace {

std::uint64_t fnv1a(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t value = 0xcbf29ce484222325u;
  for (const std::uint8_t byte : bytes) value = (value ^ byte) * 0x100000001b3u;
  return value;
}

Filter filter_of(const std::string& name) {
  if (name == "bilinear") return Filter::kBilinear;
  return name == "lanczos" ? Filter::kLanczos : Filter::kBicubic;
}

TEST(Resize, BitIdenticalToPillow) {
  auto lines = testdata_lines("resize.txt");
  std::string filter;
  std::string kind;
  int from_width = 0;
  int from_height = 0;
  int width = 0;
  int height = 0;
  std::uint64_t digest = 0;
  int cases = 0;
  while (lines >> filter >> kind >> from_width >> from_height >> width >> height >> digest) {
    const Picture picture = test_picture(kind, from_width, from_height);
    const Picture out = resize(picture, width, height, filter_of(filter));
    EXPECT_EQ(out.width, width);
    EXPECT_EQ(out.height, height);
    EXPECT_EQ(fnv1a(out.rgb), digest) << filter << " " << kind << " " << from_width << "x"
                                      << from_height << " to " << width << "x" << height;
    ++cases;
  }
  EXPECT_EQ(cases, 120);
}

TEST(Resize, AFlatColourStaysExactlyFlat) {
  Picture flat{7, 5, {}};
  for (int i = 0; i < 35; ++i) flat.rgb.insert(flat.rgb.end(), {250, 1, 128});
  for (const Filter filter : {Filter::kBilinear, Filter::kBicubic, Filter::kLanczos}) {
    const Picture out = resize(flat, 96, 64, filter);
    for (int i = 0; i < 96 * 64; ++i) {
      ASSERT_EQ(out.rgb[i * 3], 250);
      ASSERT_EQ(out.rgb[i * 3 + 1], 1);
      ASSERT_EQ(out.rgb[i * 3 + 2], 128);
    }
  }
}

TEST(Resize, RefusesSizesNobodyMeant) {
  const Picture picture = test_picture("noise", 3, 3);
  EXPECT_THROW(resize(picture, 0, 4), Error);
  EXPECT_THROW(resize(picture, 4, -1), Error);
  EXPECT_THROW(resize(picture, 16385, 4), Error);
}

}  // namespace
}  // namespace sanctum::image
