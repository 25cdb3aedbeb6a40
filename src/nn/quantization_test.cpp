#include "nn/quantization.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "base/test_directory.h"

namespace sanctum::nn {
namespace {

QuantizationConfig read(const std::string& config) {
  const json::Document document(config, "config.json");
  return read_quantization(document.root());
}

std::string error_of(const std::string& config) {
  try {
    read(config);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Quantization, EveryModeHasItsBitsAndGroups) {
  const auto format = [](const std::string& text) {
    return *read(R"({"quantization":{)" + text + "}}").all;
  };
  for (const int bits : {2, 3, 4, 5, 6, 8}) {
    for (const int group : {32, 64, 128}) {
      EXPECT_EQ(
          format(R"("group_size":)" + std::to_string(group) + R"(,"bits":)" + std::to_string(bits)),
          (Quantization{group, bits, QuantizationMode::kAffine}));
    }
  }
  EXPECT_EQ(format(R"("group_size":32,"bits":4,"mode":"mxfp4")"),
            (Quantization{32, 4, QuantizationMode::kMxfp4}));
  EXPECT_EQ(format(R"("group_size":16,"bits":4,"mode":"nvfp4")"),
            (Quantization{16, 4, QuantizationMode::kNvfp4}));
  EXPECT_EQ(format(R"("group_size":32,"bits":8,"mode":"mxfp8")"),
            (Quantization{32, 8, QuantizationMode::kMxfp8}));
  // What is not said is as MLX's.
  EXPECT_EQ(format(""), (Quantization{64, 4, QuantizationMode::kAffine}));
  EXPECT_EQ(format(R"("mode":"mxfp8")"), (Quantization{32, 8, QuantizationMode::kMxfp8}));
}

TEST(Quantization, AnOverrideInheritsNothing) {
  const QuantizationConfig config = read(R"({"quantization":{"group_size":32,"bits":4,
      "mode":"mxfp4","router":{"group_size":64,"bits":8},"plain":false,"same":true}})");
  EXPECT_EQ(config.overrides.at("router"), (Quantization{64, 8, QuantizationMode::kAffine}));
  EXPECT_EQ(config.overrides.at("plain"), std::nullopt);
  EXPECT_EQ(config.overrides.at("same"), (Quantization{32, 4, QuantizationMode::kMxfp4}));
  EXPECT_EQ(config.describe(), "mxfp4");
}

TEST(Quantization, WhatDoesNotGoTogetherIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"quantization":{"bits":7}})", "config.json.quantization.bits' is 7"},
      {R"({"quantization":{"group_size":16}})", "config.json.quantization.group_size' is 16"},
      {R"({"quantization":{"mode":"mxfp4","bits":8}})", "config.json.quantization.bits' is 8"},
      {R"({"quantization":{"mode":"mxfp4","group_size":64}})", "group_size' is 64"},
      {R"({"quantization":{"mode":"nvfp4","group_size":32}})", "group_size' is 32"},
      {R"({"quantization":{"mode":"mxfp8","bits":4}})", "mode mxfp8 needs 8"},
      {R"({"quantization":{"mode":"int4"}})", "affine, mxfp4, nvfp4, mxfp8"},
      {R"({"quantization":{"bits":"4"}})", "config.json.quantization.bits"},
      {R"({"quantization":{"a.b":{"bits":9}}})", "config.json.quantization.a.b.bits' is 9"},
      {R"({"quantization_config":{"quant_method":"awq"}})", "is 'awq'"},
      {R"({"quantization_config":{"quant_method":"modelopt","quant_algo":"FP8"}})",
       "quantization_config.quant_algo' is 'FP8'"},
      {R"({"quantization_config":{"quant_method":"modelopt","quant_algo":"NVFP4","group_size":32}})",
       "quantization_config.group_size' is 32"},
      {R"({"quantization_config":{"quant_method":"fp8","fmt":"e5m2"}})", "fmt' is 'e5m2'"},
      {R"({"quantization_config":{"quant_method":"fp8","weight_block_size":[128]}})",
       "weight_block_size' must have two"},
      {R"({"quantization_config":{"quant_method":"fp8","weight_block_size":[0,128]}})",
       "weight_block_size"},
  };
  for (const auto& [config, word] : cases)
    EXPECT_NE(error_of(config).find(word), std::string::npos) << config << ": " << error_of(config);
}

TEST(Quantization, OtherToolkitsMethodsAreKnown) {
  const QuantizationConfig blocks = read(R"({"quantization_config":{"quant_method":"fp8",
      "activation_scheme":"dynamic","fmt":"e4m3","weight_block_size":[128,64]}})");
  EXPECT_EQ(blocks.foreign, ForeignQuantization::kFp8);
  EXPECT_EQ(blocks.block_rows, 128);
  EXPECT_EQ(blocks.block_columns, 64);
  EXPECT_EQ(blocks.all, std::nullopt);
  const QuantizationConfig whole =
      read(R"({"text_config":{"quantization_config":{"quant_method":"fp8"}}})");
  EXPECT_EQ(whole.foreign, ForeignQuantization::kFp8);
  EXPECT_EQ(whole.block_rows, 0);
  EXPECT_EQ(read(R"({"quantization_config":{"quant_method":"modelopt","quant_algo":"NVFP4",
                     "config_groups":{"group_0":{"weights":{"group_size":16}}}}})")
                .foreign,
            ForeignQuantization::kModelOptNvfp4);
  EXPECT_EQ(read(R"({"quantization_config":{"quant_method":"mxfp4"}})").all, kMxfp4);
  // MLX writes both keys, of the same content; its own decides.
  EXPECT_EQ(
      read(R"({"quantization":{"bits":3},"quantization_config":{"quant_method":"awq"}})").all->bits,
      3);
}

TEST(Quantization, ModelOptMaySayItInAFileOfItsOwn) {
  const TestDirectory directory;
  const auto foreign = [&](const std::string& config) {
    const json::Document document(config, "config.json");
    return read_quantization(document.root(), directory.path()).foreign;
  };
  const auto beside = [&](const std::string& text) {
    directory.write("hf_quant_config.json", text);
    try {
      return std::string(foreign("{}") == ForeignQuantization::kModelOptNvfp4 ? "nvfp4" : "none");
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(foreign("{}"), ForeignQuantization::kNone);
  EXPECT_EQ(beside(R"({"quantization":{"quant_algo":"NVFP4","group_size":16}})"), "nvfp4");
  EXPECT_EQ(foreign(R"({"quantization":{"bits":4}})"), ForeignQuantization::kNone);
  EXPECT_NE(beside(R"({"quantization":{"quant_algo":"FP8"}})")
                .find("hf_quant_config.json.quantization.quant_algo' is 'FP8'"),
            std::string::npos);
  EXPECT_NE(beside(R"({"quant_method":"awq"})").find("is 'awq'"), std::string::npos);
}

}  // namespace
}  // namespace sanctum::nn
