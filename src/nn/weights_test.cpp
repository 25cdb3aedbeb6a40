#include "nn/weights.h"

#include <gtest/gtest.h>
#include <mlx/mlx.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.h"
#include "base/json.h"
#include "base/test_directory.h"

namespace sanctum::nn {
namespace {

class WeightsTest : public ::testing::Test {
 protected:
  Checkpoint save(const std::unordered_map<std::string, mx::array>& tensors) {
    mx::save_safetensors(directory_.path("model.safetensors"), tensors);
    return Checkpoint(directory_.path(),
                      [](const std::string& name) { return std::optional(name); });
  }
  static QuantizationConfig quantization(std::string_view json) {
    const json::Document document(json);
    return read_quantization(document.root());
  }
  static std::string error_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  const TestDirectory directory_;
};

TEST_F(WeightsTest, AQuantizedLayerComputesWhatItsDequantizedMatrixDoes) {
  mx::random::seed(5);
  const mx::array w = mx::random::normal({96, 128});
  for (const int bits : {4, 8}) {
    const auto q = mx::quantize(w, 64, bits);
    Checkpoint checkpoint = save({{"l.weight", q[0]}, {"l.scales", q[1]}, {"l.biases", q[2]}});
    Weights weights(
        checkpoint,
        quantization(R"({"quantization":{"group_size":64,"bits":)" + std::to_string(bits) + "}}"),
        stock_backend(mx::float32));
    const Linear layer = weights.linear("l", 128, 96, false);
    checkpoint.finish();
    const mx::array x = mx::random::normal({3, 128});
    const mx::array expected =
        mx::matmul(x, mx::transpose(mx::dequantize(q[0], q[1], q[2], 64, bits)));
    EXPECT_TRUE(mx::allclose(layer(x), expected, 1e-3, 1e-3).item<bool>());
  }
}

// Our kernels' backend packs what it reads from the file, without MLX's arrays.
TEST_F(WeightsTest, WhatIsPackedFromTheFileIsWhatIsPackedFromArrays) {
  mx::random::seed(7);
  const BackendPointer backend = cpu_backend({.threads = 2});
  for (const int bits : {4, 8}) {
    const mx::array w = mx::astype(mx::random::normal({300, 128}), mx::bfloat16);
    const auto q = mx::quantize(w, 32, bits);
    Checkpoint checkpoint = save({{"l.weight", q[0]}, {"l.scales", q[1]}, {"l.biases", q[2]}});
    Weights weights(
        checkpoint,
        quantization(R"({"quantization":{"group_size":32,"bits":)" + std::to_string(bits) + "}}"),
        backend);
    const Linear layer = weights.linear("l", 128, 300, false);
    const mx::array x = mx::random::normal({3, 128});
    const auto packed = backend->matrix({q[0], q[1], q[2], 32, bits});
    EXPECT_TRUE(mx::array_equal(layer(x), packed->multiply(x)).item<bool>());
  }
}

TEST_F(WeightsTest, AFileThatBecomesShorterWhileItIsReadIsNamed) {
  const auto q = mx::quantize(mx::random::normal({64, 64}), 64, 4);
  Checkpoint checkpoint = save({{"l.weight", q[0]}, {"l.scales", q[1]}, {"l.biases", q[2]}});
  const std::string file = directory_.path("model.safetensors");
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 64 * 64 / 2);
  Weights weights(checkpoint, quantization(R"({"quantization":{"group_size":64,"bits":4}})"),
                  cpu_backend({.threads = 2}));
  const std::string error = error_of([&] { weights.linear("l", 64, 64, false); });
  EXPECT_NE(error.find(file + " became shorter"), std::string::npos) << error;
}

// MLX reads those, on a thread whose errors nobody hears.
TEST_F(WeightsTest, APlainTensorThatCannotBeReadFailsTheLoad) {
  for (const BackendPointer& backend : {stock_backend(mx::float32), cpu_backend({.threads = 2})}) {
    Checkpoint checkpoint = save({{"a.weight", mx::ones({64, 64})}});
    const std::string file = directory_.path("model.safetensors");
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 64);
    Weights weights(checkpoint, {}, backend);
    const std::string error = error_of([&] {
      weights.tensor("a.weight", {64, 64});
      weights.finish();
    });
    EXPECT_NE(error.find(file + " became shorter while it was read"), std::string::npos) << error;
  }
}

TEST_F(WeightsTest, BiasesOfExpertsAreInThePlan) {
  constexpr int kExperts = 2, kWidth = 64, kInner = 32;
  const BackendPointer meant = cpu_backend({.threads = 1});
  std::unordered_map<std::string, mx::array> tensors;
  const auto add = [&](const std::string& name, int rows, int columns) {
    tensors.emplace("m.switch_mlp." + name + ".weight", mx::ones({kExperts, rows, columns}));
    tensors.emplace("m.switch_mlp." + name + ".bias", mx::ones({kExperts, rows}));
  };
  add("gate_proj", kInner, kWidth);
  add("up_proj", kInner, kWidth);
  add("down_proj", kWidth, kInner);
  Checkpoint checkpoint = save(tensors);
  LoadPlan plan{*meant};
  Weights weights = Weights::unread(checkpoint, {}, stock_backend(mx::float32), plan);
  weights.experts("m", {kWidth, kInner, kExperts, true}, Activation::kSilu, {1});
  constexpr std::uint64_t kNumbers = kExperts * (3 * kInner * kWidth + 2 * kInner + kWidth);
  EXPECT_EQ(plan.bytes, kNumbers * sizeof(float));
}

// Once header and bytes came from two openings of a path, and a model from two files.
TEST_F(WeightsTest, AFileThatTakesThePathMeanwhileIsNotRead) {
  const auto file_of = [](float value) {
    return std::unordered_map<std::string, mx::array>{{"a.weight", mx::full({4, 8}, value)},
                                                      {"b.weight", mx::full({4, 8}, value)}};
  };
  Checkpoint checkpoint = save(file_of(1));
  mx::save_safetensors(directory_.path("next.safetensors"), file_of(2));
  std::filesystem::rename(directory_.path("next.safetensors"),
                          directory_.path("model.safetensors"));
  Weights weights(checkpoint, {}, stock_backend(mx::float32));
  const mx::array a = weights.tensor("a.weight", {4, 8}), b = weights.tensor("b.weight", {4, 8});
  weights.finish();
  EXPECT_EQ(mx::sum(mx::add(a, b)).item<float>(), 64);
}

TEST_F(WeightsTest, AFileThatIsWrittenToWhileItIsReadIsRefused) {
  Checkpoint checkpoint = save({{"a.weight", mx::ones({4, 8})}});
  Weights weights(checkpoint, {}, stock_backend(mx::float32));
  weights.tensor("a.weight", {4, 8});
  const auto later = std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5);
  std::filesystem::last_write_time(directory_.path("model.safetensors"), later);
  EXPECT_NE(error_of([&] { weights.finish(); }).find("was written to"), std::string::npos);
}

TEST_F(WeightsTest, WhatIsNoFileIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo(directory_.path("model.safetensors").c_str(), 0600), 0);
  const auto open = [&] {
    Checkpoint(directory_.path(), [](const std::string& name) { return std::optional(name); });
  };
  EXPECT_NE(error_of(open).find("is not a regular file"), std::string::npos);
}

TEST_F(WeightsTest, ALayerWithoutScalesIsPlainAndAnOverrideWins) {
  mx::random::seed(6);
  const auto q = mx::quantize(mx::random::normal({64, 64}), 32, 8);
  Checkpoint checkpoint = save({{"plain.weight", mx::ones({64, 64})},
                                {"odd.weight", q[0]},
                                {"odd.scales", q[1]},
                                {"odd.biases", q[2]}});
  Weights weights(
      checkpoint,
      quantization(
          R"({"quantization":{"group_size":64,"bits":4,"odd":{"group_size":32,"bits":8}}})"),
      stock_backend(mx::float32));
  weights.linear("plain", 64, 64, false);
  weights.linear("odd", 64, 64, false);
  EXPECT_NO_THROW(checkpoint.finish());
}

TEST_F(WeightsTest, MissingUnknownAndMisshapenTensorsAreNamed) {
  Checkpoint checkpoint = save({{"a.weight", mx::ones({2, 3})}, {"stray", mx::ones({1})}});
  Weights weights(checkpoint, {}, stock_backend(mx::float32));
  EXPECT_NE(error_of([&] { weights.linear("b", 3, 2, false); }).find("b.weight is missing"),
            std::string::npos);
  EXPECT_NE(error_of([&] { weights.linear("a", 4, 2, false); }).find("(2,3)"), std::string::npos);
  const std::string unread = error_of([&] { checkpoint.finish(); });
  EXPECT_NE(unread.find("stray"), std::string::npos);
  EXPECT_NE(unread.find("model.safetensors"), std::string::npos);
}

}  // namespace
}  // namespace sanctum::nn
