#include "image/qwen_patches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "image/test_picture.h"

namespace sanctum::image {
namespace {

TEST(SmartResize, AsMlxVlm) {
  auto lines = testdata_lines("smart.txt");
  int width = 0;
  int height = 0;
  int factor = 0;
  QwenImageConfig config;
  QwenSize want;
  int cases = 0;
  while (lines >> width >> height >> factor >> config.min_pixels >> config.max_pixels >>
         want.width >> want.height) {
    SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height));
    config.merge_size = 2;
    config.patch_size = factor / 2;
    if (want.width == 0) {
      EXPECT_THROW(smart_resize(width, height, config), Error);
    } else {
      const QwenSize got = smart_resize(width, height, config);
      EXPECT_EQ(got.width, want.width);
      EXPECT_EQ(got.height, want.height);
    }
    ++cases;
  }
  EXPECT_GT(cases, 250);
}

TEST(QwenPatches, AsMlxVlm) {
  const std::string bytes = read_file(testdata("patches.f32"));
  std::vector<float> expected(bytes.size() / sizeof(float));
  std::memcpy(expected.data(), bytes.data(), bytes.size());
  auto lines = testdata_lines("patches.txt");
  QwenImageConfig config;
  config.image_mean = {0.48145466f, 0.4578275f, 0.40821073f};
  config.image_std = {0.26862954f, 0.26130258f, 0.27577711f};
  std::string kind;
  int width = 0;
  int height = 0;
  QwenGrid grid;
  std::size_t offset = 0;
  while (lines >> kind >> width >> height >> config.patch_size >> config.temporal_patch_size >>
         config.merge_size >> config.min_pixels >> config.max_pixels >> grid.h >> grid.w) {
    SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height));
    const QwenPicture picture = qwen_picture(test_picture(kind, width, height), config);
    EXPECT_EQ(picture.grid.t, 1);
    ASSERT_EQ(picture.grid.h, grid.h);
    ASSERT_EQ(picture.grid.w, grid.w);
    const int count = static_cast<int>(picture.grid.patches());
    const std::vector<float> patches = qwen_patches(picture, 0, count);
    ASSERT_EQ(patches.size(), static_cast<std::size_t>(count) * picture.columns());
    ASSERT_LE(offset + patches.size(), expected.size());
    for (std::size_t i = 0; i < patches.size(); ++i) {
      ASSERT_NEAR(patches[i], expected[offset + i], 1e-6) << i;
    }
    offset += patches.size();
  }
  EXPECT_EQ(offset, expected.size());
}

// The tower asks for a part at a time.
TEST(QwenPatches, PartsAreTheWholesBits) {
  QwenImageConfig config;
  config.patch_size = 8;
  const QwenPicture picture = qwen_picture(test_picture("noise", 150, 90), config);
  const int count = static_cast<int>(picture.grid.patches());
  const std::vector<float> whole = qwen_patches(picture, 0, count);
  for (const int step : {1, 3, 4, 37}) {
    std::vector<float> parts;
    for (int first = 0; first < count; first += step) {
      const std::vector<float> part = qwen_patches(picture, first, std::min(first + step, count));
      parts.insert(parts.end(), part.begin(), part.end());
    }
    EXPECT_EQ(std::memcmp(parts.data(), whole.data(), whole.size() * sizeof(float)), 0) << step;
    EXPECT_EQ(parts.size(), whole.size());
  }
  EXPECT_EQ(picture.pixels.rgb.size() * 2 * sizeof(float), whole.size() * sizeof(float))
      << "two frames of floats for a byte: eight times as large";
}

TEST(QwenPatches, TokensAreMergedPatches) {
  const QwenImageConfig config;
  const QwenGrid grid = grid_of(smart_resize(1, 1, config), config);
  EXPECT_EQ(grid.patches(), 16);
  EXPECT_EQ(grid.tokens(config), 4);
}

TEST(QwenImageConfig, ReadsSizesFromEitherPlace) {
  const auto by_size = parse_qwen_image_config(
      R"({"patch_size": 14, "size": {"shortest_edge": 100, "longest_edge": 200}})");
  EXPECT_EQ(by_size.patch_size, 14);
  EXPECT_EQ(by_size.min_pixels, 100);
  EXPECT_EQ(by_size.max_pixels, 200);
  const auto by_itself = parse_qwen_image_config(
      R"({"size": {"shortest_edge": 100, "longest_edge": 200}, "min_pixels": 50,
          "max_pixels": null})");
  EXPECT_EQ(by_itself.min_pixels, 50);
  EXPECT_EQ(by_itself.max_pixels, 200);
}

TEST(QwenImageConfig, ProcessorConfigWins) {
  const auto config = parse_qwen_image_config(
      R"({"patch_size": 14, "merge_size": 4, "image_mean": [0.1, 0.2, 0.3]})",
      R"({"image_processor": {"patch_size": 8, "image_std": [1, 2, 3]}})");
  EXPECT_EQ(config.patch_size, 8);
  EXPECT_EQ(config.merge_size, 4);
  EXPECT_FLOAT_EQ(config.image_mean[2], 0.3f);
  EXPECT_FLOAT_EQ(config.image_std[1], 2.0f);
}

TEST(QwenImageConfig, NothingGivesDefaultsAndNonsenseIsNamed) {
  EXPECT_EQ(parse_qwen_image_config("").patch_size, 16);
  EXPECT_EQ(load_qwen_image_config("/nonexistent").max_pixels, 1003520);
  const auto field_of = [](std::string_view text) {
    try {
      parse_qwen_image_config(text);
    } catch (const Error& error) {
      return error.field();
    }
    return std::string("accepted");
  };
  EXPECT_EQ(field_of(R"({"patch_size": 0})"), "preprocessor_config.json.patch_size");
  EXPECT_EQ(field_of(R"({"min_pixels": "many"})"), "preprocessor_config.json.min_pixels");
  EXPECT_EQ(field_of(R"({"image_std": [1, 0, 1]})"), "preprocessor_config.json.image_std[1]");
  EXPECT_EQ(field_of(R"({"image_mean": [1, 2]})"), "preprocessor_config.json.image_mean");
  EXPECT_EQ(field_of(R"({"image_processor_type": "Qwen2VLImageProcessorFast", "resample": 3,
                         "do_resize": true, "do_pad": false})"),
            "accepted");
  for (const char* variant :
       {R"("resample": 2)", R"("do_resize": false)", R"("image_processor_type": "CLIPProcessor")",
        R"("do_center_crop": true)", R"("do_pad": true)"}) {
    const std::string text = std::string("{") + variant + "}";
    const std::string name = text.substr(2, text.find('"', 2) - 2);
    EXPECT_EQ(field_of(text), "preprocessor_config.json." + name) << "computed wrongly before";
  }
}

}  // namespace
}  // namespace sanctum::image
