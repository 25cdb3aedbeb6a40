#include "models/qwen3_vl.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/test_directory.h"
#include "models/registry.h"
#include "models/vision_tower.h"

namespace sanctum::models {
namespace {

std::string refused_by_vision(const std::string& text) {
  const json::Document document(text, "vision_config");
  try {
    VisionConfig::read(document.root());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    return error.field();
  }
  return "accepted";
}

TEST(VisionConfig, MembersThatDoNotFitAreRefusedByName) {
  EXPECT_EQ(refused_by_vision("{}"), "accepted");
  EXPECT_EQ(refused_by_vision(R"({"spatial_merge_size": 0})"), "vision_config.spatial_merge_size");
  EXPECT_EQ(refused_by_vision(R"({"hidden_size": 66, "num_heads": 4})"), "vision_config.num_heads");
  EXPECT_EQ(refused_by_vision(R"({"hidden_size": 24, "num_heads": 4})"), "vision_config.num_heads");
  EXPECT_EQ(refused_by_vision(R"({"in_channels": 4})"), "vision_config.in_channels");
  EXPECT_EQ(refused_by_vision(R"({"patch_size": 65536})"), "vision_config.patch_size");
  EXPECT_EQ(refused_by_vision(R"({"spatial_merge_size": 65536})"),
            "vision_config.spatial_merge_size");
  EXPECT_EQ(refused_by_vision(R"({"temporal_patch_size": 16777216})"),
            "vision_config.temporal_patch_size");
}

TEST(Qwen3VlProcessor, APreprocessorThatIsNotTheTowersIsRefusedByName) {
  const TestDirectory copy;
  const std::string config = read_file(source_directory() + "/models/smoke/config.json");
  copy.write("config.json", config);
  const Description description = describe(copy.path());
  for (const std::string member : {"patch_size", "temporal_patch_size", "merge_size"}) {
    copy.write("preprocessor_config.json", "{\"" + member + "\": 8}");
    try {
      load_processor(description);
      ADD_FAILURE() << "accepted another " << member;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalid);
      EXPECT_EQ(error.field(), "preprocessor_config.json." + member);
    }
  }
  copy.write("preprocessor_config.json", "{}");
  EXPECT_TRUE(load_processor(description)->vision());
}

TEST(Qwen3VlProcessor, WhereConfigJsonIsSilentThePlaceholderIsItsFamilys) {
  const std::string stated = "\"image_token_id\": 1018,", type = "\"model_type\": \"qwen3_vl\"";
  const std::string picture =
      read_file(source_directory() + "/src/image/testdata/pictures/exif6.png");
  for (const auto& [family, placeholder] : {std::pair("qwen3_vl", 151655), {"qwen3_5", 248056}}) {
    const TestDirectory copy;
    copy.copy(source_directory() + "/models/smoke");
    std::string config = read_file(copy.path("config.json"));
    config.erase(config.find(stated), stated.size());
    config.replace(config.find(type), type.size(),
                   "\"model_type\": \"" + std::string(family) + "\"");
    copy.write("config.json", config);
    const auto processor = load_processor(describe(copy.path()));
    EXPECT_EQ(processor->prepare({1, placeholder, 2}, {picture}, {}, 1000).images.size(), 1u);
  }
}

TEST(Qwen3VlProcessor, PicturesBeyondTheContextAreRefused) {
  const auto processor = load_processor(describe(source_directory() + "/models/smoke"));
  const std::string picture =
      read_file(source_directory() + "/src/image/testdata/pictures/exif6.png");
  constexpr int kPlaceholder = 1018;
  const Prompt whole = processor->prepare({1, kPlaceholder, 2}, {picture}, {}, 1000);
  const int count = whole.images.at(0).count;
  ASSERT_GT(count, 2);
  const auto prepare = [&](std::int64_t tokens_max) {
    return processor->prepare({kPlaceholder, kPlaceholder}, {picture, picture}, {}, tokens_max);
  };
  EXPECT_EQ(prepare(2 * count).images.size(), 2u);
  try {
    prepare(2 * count - 1);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kTooLong);
    EXPECT_EQ(error.field(), "messages");
  }
}

}  // namespace
}  // namespace sanctum::models
