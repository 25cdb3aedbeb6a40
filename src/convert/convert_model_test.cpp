#include "convert/convert_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "base/json.h"
#include "base/test_directory.h"

namespace sanctum::convert {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::size_t kRows = 2, kWidth = 32;
constexpr const char* kMatrix = "model.embed_tokens.weight";

// tests/parity/test_convert.py holds it to mlx_lm.convert; here is what must not be converted.
class ConvertModel : public testing::Test {
 protected:
  using Numbers = std::vector<float>;
  ConvertModel() { directory_.write("from/config.json", R"({"model_type":"qwen3_moe"})"); }

  // Matrices of kRows times kWidth in float32.
  void store(const std::vector<std::pair<std::string, Numbers>>& tensors) const {
    json::Writer header;
    std::string data;
    header.begin_object();
    for (const auto& [name, numbers] : tensors) {
      const std::size_t begin = data.size();
      data.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
      header.key(name).begin_object().field("dtype", "F32");
      header.key("shape").begin_array().value(static_cast<std::uint64_t>(numbers.size() / kWidth));
      header.value(static_cast<std::uint64_t>(kWidth)).end_array();
      header.key("data_offsets").begin_array().value(static_cast<std::uint64_t>(begin));
      header.value(static_cast<std::uint64_t>(data.size())).end_array().end_object();
    }
    const std::string text = header.end_object().take();
    std::string length(8, '\0');
    const std::uint64_t bytes = text.size();
    std::memcpy(length.data(), &bytes, sizeof bytes);
    directory_.write("from/model.safetensors", length + text + data);
  }
  static Numbers matrix(float odd = 0.5f) {
    Numbers numbers(kRows * kWidth, 0.5f);
    numbers[40] = odd;
    return numbers;
  }
  // What it says, and that nothing is left; "made" where it is.
  std::string converted(const ConvertOptions& options, const ConvertProgress& progress = {},
                        ErrorCode code = ErrorCode::kCorrupt) const {
    const std::atomic<bool> never{false};
    const auto silent = [](std::uint64_t, std::uint64_t) {};
    try {
      convert_model(directory_.path("from"), directory_.path("to"), options,
                    progress ? progress : silent, never);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), {}), 1);
      return error.what();
    }
    fs::remove_all(directory_.path("to"));
    return "made";
  }
  const TestDirectory directory_;
  const ConvertOptions quantized_{Affine{4, 32}};
};

TEST_F(ConvertModel, NumbersThatAreNoneAreNotQuantized) {
  store({{kMatrix, matrix()}});
  EXPECT_EQ(converted(quantized_), "made");
  for (const float odd :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    store({{kMatrix, matrix(odd)}});
    EXPECT_THAT(converted(quantized_),
                HasSubstr(std::string(kMatrix) + " has numbers that are not"));
    EXPECT_EQ(converted({}), "made") << "as it is";
  }
  store({{kMatrix, matrix(1e30f)}});
  EXPECT_EQ(converted(quantized_), "made");
  EXPECT_THAT(converted({Affine{4, 32}, Dtype::kFloat16}), HasSubstr("not finite in F16"));
}

TEST_F(ConvertModel, WeightsThatAreWrittenToMeanwhileAreNoModel) {
  store({{kMatrix, matrix()}, {"lm_head.weight", matrix()}});
  const std::string file = directory_.path("from/model.safetensors");
  const auto touch = [&](std::uint64_t, std::uint64_t) {
    fs::last_write_time(file, fs::last_write_time(file) + std::chrono::microseconds(1));
  };
  EXPECT_THAT(converted({}, touch), HasSubstr(file + " was written to while it was read"));
}

// They were left out without a word, and what was made answered no chats.
TEST_F(ConvertModel, WhatLiesBesideTheWeightsAndCannotBeReadIsNotLeftOut) {
  store({{kMatrix, matrix()}});
  const auto no_work = [](std::uint64_t, std::uint64_t) { ADD_FAILURE() << "it had begun"; };
  fs::create_directory(directory_.path("from/additional_chat_templates"));
  for (const char* name : {"chat_template.jinja", "tokenizer_config.json", "generation_config.json",
                           "additional_chat_templates/rag.jinja", "model.safetensors.index.json"}) {
    const std::string path = directory_.path(std::string("from/") + name);
    fs::create_symlink("gone", path);
    EXPECT_THAT(converted({}, no_work, ErrorCode::kNotFound), HasSubstr(path + ": it is a link"));
    fs::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_THAT(converted({}, no_work, ErrorCode::kInvalid),
                HasSubstr(path + " is not a regular file"));
    fs::remove(path);
  }
  EXPECT_EQ(converted({}), "made");
}

TEST_F(ConvertModel, OneNameForTwoTensorsIsRefused) {
  const std::string experts = "model.layers.0.mlp.experts.0.up_proj.weight";
  const std::string stacked = "model.layers.0.mlp.switch_mlp.up_proj.weight";
  store({{experts, matrix()}, {stacked, matrix()}});
  EXPECT_THAT(converted({}), HasSubstr("two tensors would be called " + stacked));
  store({{kMatrix, matrix()}, {"model.embed_tokens.scales", matrix()}});
  EXPECT_EQ(converted({}), "made");
  EXPECT_THAT(converted(quantized_), HasSubstr("model.embed_tokens.scales"));
}

}  // namespace
}  // namespace sanctum::convert
