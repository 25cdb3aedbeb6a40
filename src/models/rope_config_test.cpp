#include "models/rope_config.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::models {
namespace {

constexpr int kHeadSize = 8;

RopeConfig read(const std::string& members) {
  const json::Document document("{" + members + "}", "config.json");
  return read_rope(document.root(), kHeadSize, 10000);
}

std::string refused(const std::string& members) {
  try {
    read(members);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    return error.field();
  }
  return "accepted";
}

TEST(RopeConfig, PlainPairsTurnSlowerAndSlower) {
  const RopeConfig rope = read("");
  ASSERT_EQ(rope.frequencies.of_pairs.size(), 4u);
  for (int i = 0; i < 4; ++i)
    EXPECT_FLOAT_EQ(rope.frequencies.of_pairs[i], std::pow(10000.0, -i / 4.0));
  EXPECT_EQ(rope.frequencies.magnitude, 1);
  EXPECT_TRUE(rope.beyond.of_pairs.empty());
}

TEST(RopeConfig, APartOfTheHeadTurnsAsAHeadOfThatSize) {
  const RopeConfig rope = read(R"("partial_rotary_factor": 0.5)");
  ASSERT_EQ(rope.frequencies.of_pairs.size(), 2u);
  EXPECT_FLOAT_EQ(rope.frequencies.of_pairs[1], std::pow(10000.0, -0.5));
  EXPECT_EQ(refused(R"("partial_rotary_factor": 0.4)"), "config.json.partial_rotary_factor");
  EXPECT_EQ(refused(R"("partial_rotary_factor": 1.5)"), "config.json.partial_rotary_factor");
}

TEST(RopeConfig, ProportionalPairsTurnAsInTheWholeHeadOrNot) {
  const RopeConfig rope =
      read(R"("rope_parameters": {"rope_type": "proportional", "partial_rotary_factor": 0.5})");
  ASSERT_EQ(rope.frequencies.of_pairs.size(), 4u);
  EXPECT_FLOAT_EQ(rope.frequencies.of_pairs[1], 0.1f);
  EXPECT_EQ(rope.frequencies.of_pairs[2], 0);
  EXPECT_EQ(rope.frequencies.of_pairs[3], 0);
}

TEST(RopeConfig, LongRopeHasOthersForLongSequences) {
  const std::string contexts =
      R"("max_position_embeddings": 4096, "original_max_position_embeddings": 64, )";
  const RopeConfig rope = read(contexts + R"("rope_scaling": {"type": "longrope",
      "short_factor": [1, 1, 1, 1], "long_factor": [1, 2, 4, 8]})");
  EXPECT_EQ(rope.short_tokens, 64);
  EXPECT_FLOAT_EQ(rope.frequencies.of_pairs[3], 0.001f);
  EXPECT_FLOAT_EQ(rope.beyond.of_pairs[3], 0.001f / 8);
  EXPECT_FLOAT_EQ(rope.beyond.magnitude, std::sqrt(1 + std::log(64.0) / std::log(64.0)));
  EXPECT_EQ(rope.frequencies.magnitude, rope.beyond.magnitude);
  EXPECT_EQ(refused(contexts + R"("rope_scaling": {"type": "longrope", "short_factor": [1, 1],
      "long_factor": [1, 2, 4, 8]})"),
            "config.json.rope_scaling.short_factor");
  EXPECT_EQ(refused(contexts + R"("rope_scaling": {"type": "su", "short_factor": [1, 1, 1, 1]})"),
            "config.json.rope_scaling.long_factor");
}

TEST(RopeConfig, WhatYarnStretchesIsMultiplied) {
  const std::string yarn =
      R"("rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 64)";
  EXPECT_FLOAT_EQ(read(yarn + "}").frequencies.magnitude, 0.1 * std::log(4) + 1);
  EXPECT_EQ(read(yarn + R"(, "attention_factor": 2})").frequencies.magnitude, 2);
  EXPECT_EQ(read(yarn + R"(, "mscale": 1, "mscale_all_dim": 1})").frequencies.magnitude, 1);
  EXPECT_FLOAT_EQ(read(yarn + "}").frequencies.of_pairs[0], 1);
  EXPECT_FLOAT_EQ(read(yarn + "}").frequencies.of_pairs[3], 0.001f / 4);
  EXPECT_EQ(refused(R"("rope_scaling": {"type": "yarn", "factor": 4})"),
            "config.json.max_position_embeddings")
      << "which stands for the original one";
}

TEST(RopeConfig, AnUnknownScalingIsRefusedByName) {
  try {
    read(R"("rope_scaling": {"rope_type": "wavy", "factor": 2})");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "config.json.rope_scaling");
    for (const char* name : {"wavy", "yarn", "longrope"})
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace sanctum::models
