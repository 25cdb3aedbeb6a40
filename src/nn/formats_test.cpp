// What matrices of every format mean, on both backends, against MLX's own dequantization.
#include <gtest/gtest.h>
#include <mlx/mlx.h>

#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/test_directory.h"
#include "nn/weights.h"

namespace sanctum::nn {
namespace {

constexpr int kRows = 72, kColumns = 256;

struct Format {
  const char* mode;
  int bits, group;
  std::string config() const {
    return R"({"quantization":{"group_size":)" + std::to_string(group) + R"(,"bits":)" +
           std::to_string(bits) + R"(,"mode":")" + mode + R"("}})";
  }
};

std::vector<Format> formats() {
  std::vector<Format> out;
  for (const int bits : {2, 3, 4, 5, 6, 8})
    for (const int group : {32, 64, 128}) out.push_back({"affine", bits, group});
  out.insert(out.end(), {{"mxfp4", 4, 32}, {"nvfp4", 4, 16}, {"mxfp8", 8, 32}});
  return out;
}

std::string name(const Format& f) {
  return std::string(f.mode) + " " + std::to_string(f.bits) + " " + std::to_string(f.group);
}

std::vector<mx::array> quantized(const Format& f, const mx::array& w) {
  return mx::quantize(w, f.group, f.bits, f.mode);
}

// In float32.
mx::array meant(const Format& f, const std::vector<mx::array>& q) {
  if (q.size() == 2)
    return mx::dequantize(q[0], q[1], std::nullopt, f.group, f.bits, f.mode, std::nullopt,
                          mx::float32);
  return mx::dequantize(q[0], mx::astype(q[1], mx::float32), mx::astype(q[2], mx::float32), f.group,
                        f.bits, f.mode);
}

// A tensor as a file has it, also of types that MLX does not write.
struct RawTensor {
  std::string name, type;
  std::vector<int> shape;
  std::string bytes;
};

std::string bytes_of(const mx::array& array) {
  mx::array whole = mx::contiguous(array);
  mx::eval(whole);
  return {whole.data<char>(), whole.nbytes()};
}

class FormatsTest : public ::testing::Test {
 protected:
  void SetUp() override { mx::random::seed(11); }

  Checkpoint open() {
    return {directory_.path(), [](const std::string& stored) { return std::optional(stored); }};
  }
  Checkpoint save(const std::unordered_map<std::string, mx::array>& tensors) {
    mx::save_safetensors(directory_.path("model.safetensors"), tensors);
    return open();
  }
  Checkpoint save(const std::vector<mx::array>& q) {
    std::unordered_map<std::string, mx::array> tensors{{"l.weight", q[0]}, {"l.scales", q[1]}};
    if (q.size() == 3) tensors.emplace("l.biases", q[2]);
    return save(tensors);
  }
  Checkpoint save_raw(const std::vector<RawTensor>& tensors) {
    json::Writer header;
    std::string data;
    header.begin_object();
    for (const RawTensor& tensor : tensors) {
      header.key(tensor.name).begin_object().field("dtype", tensor.type).key("shape").begin_array();
      for (const int side : tensor.shape) header.value(side);
      header.end_array().key("data_offsets").begin_array();
      header.value(static_cast<std::uint64_t>(data.size()));
      data += tensor.bytes;
      header.value(static_cast<std::uint64_t>(data.size())).end_array().end_object();
    }
    header.end_object();
    const std::string text = header.take();
    std::string file(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(text.size() >> 8 * i & 0xff);
    write_file_atomically(directory_.path("model.safetensors"), file + text + data);
    return open();
  }
  static QuantizationConfig quantization(const std::string& config) {
    const json::Document document(config, "config.json");
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
  // Rows of what is stored, in the backend's hands, as floats.
  static mx::array table_of(Checkpoint checkpoint, const std::string& config,
                            const BackendPointer& backend, int rows = kRows,
                            int columns = kColumns) {
    Weights weights(checkpoint, quantization(config), backend);
    const Embedding table = weights.embedding("l", rows, columns);
    weights.finish();
    return table(mx::arange(rows, mx::int32));
  }

  const TestDirectory directory_;
  const BackendPointer ours_ = cpu_backend({.threads = 2, .row_bits = 16});
  const BackendPointer stock_ = stock_backend(mx::float32);
};

TEST_F(FormatsTest, AMatrixMeansWhatMlxSaysToTheLastBit) {
  for (const Format& f : formats()) {
    const auto q = quantized(f, mx::astype(mx::random::normal({kRows, kColumns}), mx::bfloat16));
    for (const BackendPointer& backend : {ours_, stock_})
      EXPECT_TRUE(mx::array_equal(table_of(save(q), f.config(), backend), meant(f, q)).item<bool>())
          << name(f) << ", " << backend->name();
  }
}

TEST_F(FormatsTest, ALayerMultipliesWithIt) {
  for (const Format& f : formats()) {
    const auto q = quantized(f, mx::astype(mx::random::normal({kRows, kColumns}), mx::bfloat16));
    const mx::array x = mx::random::normal({5, kColumns});
    const mx::array expected = mx::matmul(x, mx::transpose(meant(f, q)));
    for (const BackendPointer& backend : {ours_, stock_}) {
      Checkpoint checkpoint = save(q);
      Weights weights(checkpoint, quantization(f.config()), backend);
      const Linear layer = weights.linear("l", kColumns, kRows, false);
      // Rows of 16 bits are off by at most half a step of their block's largest number / 32767.
      EXPECT_TRUE(mx::allclose(layer(x), expected, 1e-4, 5e-3).item<bool>())
          << name(f) << ", " << backend->name();
    }
  }
}

// One after another in one tensor, as phi3 has them, packed from their place in the file.
TEST_F(FormatsTest, APartOfAMatrixIsThatPart) {
  for (const Format& f : formats()) {
    const auto q = quantized(f, mx::astype(mx::random::normal({kRows, kColumns}), mx::bfloat16));
    const mx::array x = mx::random::normal({3, kColumns});
    for (const BackendPointer& backend : {ours_, stock_}) {
      Checkpoint checkpoint = save(q);
      Weights weights(checkpoint, quantization(f.config()), backend);
      const auto parts = weights.split_linears("l", {40, 24, 8}, kColumns)(x);
      Checkpoint again = save(q);
      Weights whole(again, quantization(f.config()), backend);
      EXPECT_TRUE(mx::allclose(mx::concatenate(parts, -1),
                               whole.linear("l", kColumns, kRows, false)(x), 0, 1e-5)
                      .item<bool>())
          << name(f) << ", " << backend->name();
    }
  }
}

// 2 and 3 bits are kept in 4, 5 and 6 in 8, E2M1's scales in bfloat16; E4M3 becomes bfloat16.
TEST_F(FormatsTest, WhatIsHeldIsCounted) {
  const mx::array w = mx::astype(mx::random::normal({64, 256}), mx::bfloat16);
  const std::pair<Format, std::uint64_t> cases[] = {
      {{"affine", 3, 64}, 64 * (256 / 2 + 4 * 4)}, {{"affine", 4, 64}, 64 * (256 / 2 + 4 * 4)},
      {{"affine", 5, 32}, 64 * (256 + 8 * 4)},     {{"mxfp4", 4, 32}, 64 * (256 / 2 + 8 * 2)},
      {{"nvfp4", 4, 16}, 64 * (256 / 2 + 16 * 2)}, {{"mxfp8", 8, 32}, 0}};
  for (const auto& [f, bytes] : cases) {
    Checkpoint checkpoint = save(quantized(f, w));
    const std::uint64_t before = ours_->packed_bytes();
    Weights weights(checkpoint, quantization(f.config()), ours_);
    const Linear layer = weights.linear("l", 256, 64, false);
    EXPECT_EQ(ours_->packed_bytes() - before, bytes) << name(f);
  }
}

TEST_F(FormatsTest, Fp8IsItsBlocksTimesTheirScalesRoundedToBfloat16Once) {
  constexpr int kHigh = 130, kWide = 272;  // no multiples of 128
  mx::array w = mx::to_fp8(mx::multiply(mx::random::normal({kHigh, kWide}), mx::array(40.0f)));
  const mx::array number = mx::from_fp8(w, mx::float32);
  for (const mx::Dtype type : {mx::float32, mx::bfloat16}) {
    const mx::array scales = mx::astype(mx::random::uniform(0.01, 0.02, {2, 3}), type);
    const mx::array each =
        mx::slice(mx::repeat(mx::repeat(mx::astype(scales, mx::float32), 128, 0), 128, 1), {0, 0},
                  {kHigh, kWide});
    const mx::array expected =
        mx::astype(mx::astype(mx::multiply(number, each), mx::bfloat16), mx::float32);
    for (const BackendPointer& backend : {ours_, stock_}) {
      Checkpoint checkpoint = save_raw(
          {{"l.weight", "F8_E4M3", {kHigh, kWide}, bytes_of(w)},
           {"l.weight_scale_inv", type == mx::float32 ? "F32" : "BF16", {2, 3}, bytes_of(scales)}});
      const mx::array table = table_of(
          std::move(checkpoint),
          R"({"quantization_config":{"quant_method":"fp8","weight_block_size":[128,128]}})",
          backend, kHigh, kWide);
      EXPECT_TRUE(mx::array_equal(table, expected).item<bool>()) << backend->name();
    }
  }
}

TEST_F(FormatsTest, Fp8MayHaveOneScaleForAllAndAScaleOfActivations) {
  const mx::array w = mx::to_fp8(mx::random::normal({kRows, kColumns}));
  const mx::array scale(0.37f);
  const mx::array expected = mx::astype(
      mx::astype(mx::multiply(mx::from_fp8(w, mx::float32), scale), mx::bfloat16), mx::float32);
  for (const std::vector<int>& shape : {std::vector<int>{}, {1}, {1, 1}}) {
    Checkpoint checkpoint = save_raw({{"l.weight", "F8_E4M3", {kRows, kColumns}, bytes_of(w)},
                                      {"l.weight_scale_inv", "F32", shape, bytes_of(scale)},
                                      {"l.activation_scale", "F32", shape, bytes_of(scale)}});
    EXPECT_TRUE(mx::array_equal(
                    table_of(std::move(checkpoint), R"({"quantization_config":{"quant_method":"fp8",
                             "activation_scheme":"static","weight_block_size":null}})",
                             ours_),
                    expected)
                    .item<bool>());
  }
}

constexpr const char* kModelOpt =
    R"({"quantization_config":{"quant_method":"modelopt","quant_algo":"NVFP4"}})";

std::vector<RawTensor> modelopt(const std::vector<mx::array>& q, const mx::array& factor) {
  return {{"l.weight", "U8", {kRows, kColumns / 2}, bytes_of(q[0])},
          {"l.weight_scale", "F8_E4M3", {kRows, kColumns / 16}, bytes_of(q[1])},
          {"l.weight_scale_2", "F32", {}, bytes_of(factor)},
          {"l.input_scale", "F32", {}, bytes_of(factor)}};
}

TEST_F(FormatsTest, ModelOptsNvfp4HasAFactorMore) {
  const Format f{"nvfp4", 4, 16};
  const auto q = quantized(f, mx::multiply(mx::random::normal({kRows, kColumns}), mx::array(50.f)));
  const mx::array factor(0.0123f);
  const mx::array expected = mx::multiply(meant(f, q), factor);
  const mx::array x = mx::random::normal({5, kColumns});
  for (const BackendPointer& backend : {ours_, stock_}) {
    const mx::array table = table_of(save_raw(modelopt(q, factor)), kModelOpt, backend);
    EXPECT_TRUE(mx::allclose(table, expected, 3e-7, 0).item<bool>()) << backend->name();
    Checkpoint checkpoint = save_raw(modelopt(q, factor));
    Weights weights(checkpoint, quantization(kModelOpt), backend);
    const Linear layer = weights.linear("l", kColumns, kRows, false);
    EXPECT_TRUE(
        mx::allclose(layer(x), mx::matmul(x, mx::transpose(expected)), 1e-4, 5e-3).item<bool>())
        << backend->name();
  }
}

// As mlx_lm writes it for experts: their scales are relative to the largest of their numbers.
TEST_F(FormatsTest, AnNvfp4MatrixMayHaveAGlobalScale) {
  const Format f{"nvfp4", 4, 16};
  const mx::array w = mx::multiply(mx::random::normal({kRows, kColumns}), mx::array(0.001f));
  const mx::array largest = mx::max(mx::abs(w));
  const auto q = mx::quantize(w, f.group, f.bits, f.mode, largest);
  const mx::array expected =
      mx::dequantize(q[0], q[1], std::nullopt, f.group, f.bits, f.mode, largest, mx::float32);
  for (const BackendPointer& backend : {ours_, stock_}) {
    const mx::array table = table_of(save({{"l.weight", q[0]},
                                           {"l.scales", q[1]},
                                           {"l.global_scale", mx::reshape(largest, {1})}}),
                                     f.config(), backend);
    EXPECT_TRUE(mx::allclose(table, expected, 1e-6, 0).item<bool>()) << backend->name();
  }
}

// 16-bit rows times the largest codes of a block must stay what a float holds.
TEST_F(FormatsTest, AScaleThatNoProductSurvivesIsNamed) {
  constexpr int kLast = 127 + 104;  // of E8M0
  const auto error = [&](Checkpoint checkpoint, const std::string& config,
                         const BackendPointer& backend) {
    return error_of([&] {
      Weights weights(checkpoint, quantization(config), backend);
      const Linear layer = weights.linear("l", kColumns, kRows, false);
      weights.finish();
      const mx::array ones = mx::ones({1, kColumns});
      EXPECT_TRUE(mx::all(mx::isfinite(layer(ones))).item<bool>()) << config << backend->name();
    });
  };
  const mx::array w = mx::ones({kRows, kColumns});
  for (const BackendPointer& backend : {ours_, stock_}) {
    for (const Format& f : {Format{"mxfp4", 4, 32}, Format{"mxfp8", 8, 32}}) {
      auto q = quantized(f, w);
      for (const int scale : {kLast, kLast + 1, 255}) {
        q[1] = mx::full(q[1].shape(), scale, mx::uint8);
        const std::string told = error(save(q), f.config(), backend);
        EXPECT_EQ(told.find("l.scales has a number"), scale == kLast ? std::string::npos : 0)
            << told;
      }
    }
    const auto q = quantized({"nvfp4", 4, 16}, w);
    for (const float factor : {0x1p97f, std::numeric_limits<float>::infinity()})
      EXPECT_EQ(error(save_raw(modelopt(q, mx::array(factor))), kModelOpt, backend)
                    .find("l.weight_scale_2 has a number"),
                0u);
  }
}

// What E4M3 is scaled by, or what it is as a scale.
TEST_F(FormatsTest, AScaleThatIsNoNumberIsNamed) {
  const auto error = [](Checkpoint checkpoint, const std::string& config,
                        const BackendPointer& backend) {
    return error_of([&] {
      Weights weights(checkpoint, quantization(config), backend);
      weights.linear("l", kColumns, kRows, false);
      weights.finish();
    });
  };
  constexpr const char* kFp8 =
      R"({"quantization_config":{"quant_method":"fp8","activation_scheme":"static",)"
      R"("weight_block_size":null}})";
  const Format f{"nvfp4", 4, 16};
  auto q = quantized(f, mx::ones({kRows, kColumns}));
  const mx::array codes = mx::to_fp8(mx::ones({kRows, kColumns}));
  for (const BackendPointer& backend : {ours_, stock_}) {
    for (const int none : {0x7f, 0xff}) {
      q[1] = mx::full(q[1].shape(), none, mx::uint8);
      EXPECT_EQ(error(save(q), f.config(), backend).find("l.scales has a number"), 0u);
      EXPECT_EQ(error(save_raw(modelopt(q, mx::array(1.f))), kModelOpt, backend)
                    .find("l.weight_scale has a number"),
                0u);
    }
    for (const float none : {0x1p97f, std::numeric_limits<float>::quiet_NaN()}) {
      const std::string told =
          error(save_raw({{"l.weight", "F8_E4M3", {kRows, kColumns}, bytes_of(codes)},
                          {"l.weight_scale_inv", "F32", {}, bytes_of(mx::array(none))}}),
                kFp8, backend);
      EXPECT_EQ(told.find("l.weight_scale_inv has a number"), 0u) << told;
    }
  }
}

// Before a load, which would pack much until then.
TEST_F(FormatsTest, ExpertsThatAreNotComputedAreToldByThePlan) {
  constexpr int kExperts = 2, kWidth = 64;
  const auto told = [&](int inner, const BackendPointer& meant) {
    std::unordered_map<std::string, mx::array> tensors{
        {"m.switch_mlp.down_proj.weight", mx::ones({kExperts, kWidth, inner})}};
    const auto q = mx::quantize(mx::random::normal({kExperts, inner, kWidth}), 32, 4);
    for (const std::string path : {"m.switch_mlp.gate_proj", "m.switch_mlp.up_proj"}) {
      tensors.emplace(path + ".weight", q[0]);
      tensors.emplace(path + ".scales", q[1]);
      tensors.emplace(path + ".biases", q[2]);
    }
    Checkpoint checkpoint = save(tensors);
    LoadPlan plan{*meant};
    Weights weights =
        Weights::unread(checkpoint, quantization(Format{"affine", 4, 32}.config()), stock_, plan);
    return error_of(
        [&] { weights.experts("m", {kWidth, inner, kExperts}, Activation::kSilu, {1}); });
  };
  EXPECT_EQ(told(24, ours_),
            "m: quantized experts have 24 features, no multiple of the 16 that are computed "
            "together");
  EXPECT_EQ(told(32, ours_), "");
  EXPECT_EQ(told(24, stock_), "");
}

TEST_F(FormatsTest, TensorsThatAreAtOddsAreNamed) {
  const auto linear = [this](Checkpoint checkpoint, const std::string& config) {
    return error_of([&] {
      Weights weights(checkpoint, quantization(config), ours_);
      weights.linear("l", kColumns, kRows, false);
    });
  };
  const auto expect = [](const std::string& error, const std::string& tensor,
                         const std::string& word) {
    EXPECT_NE(error.find("tensor " + tensor + " "), std::string::npos) << error;
    EXPECT_NE(error.find(word), std::string::npos) << error;
  };
  const mx::array w = mx::random::normal({kRows, kColumns});
  const Format mxfp4{"mxfp4", 4, 32}, nvfp4{"nvfp4", 4, 16}, six{"affine", 6, 64};
  // The type of the scales, and their number.
  auto q = quantized(mxfp4, w);
  q[1] = mx::astype(q[1], mx::bfloat16);
  expect(linear(save(q), mxfp4.config()), "l.scales", "needs uint8");
  expect(linear(save(quantized(nvfp4, w)), mxfp4.config()), "l.scales",
         "needs uint8 of shape (72,8)");
  expect(linear(save(quantized(six, w)), mxfp4.config()), "l.weight", "of shape (72,32)");
  expect(linear(save(quantized(six, w)), Format{"affine", 5, 64}.config()), "l.weight", "(72,40)");
  q = quantized(six, w);
  q[2] = mx::astype(q[2], mx::float16);
  expect(linear(save(q), six.config()), "l.biases", "float16");
  expect(linear(save(std::vector{q[0], q[1]}), six.config()), "l.biases", "missing");
  // A foreign file's bytes are what they are called.
  const mx::array bytes = mx::to_fp8(w), scales = mx::ones({1, 2});
  const std::string fp8 =
      R"({"quantization_config":{"quant_method":"fp8","weight_block_size":[128,128]}})";
  const auto fp8_file = [&](const char* type, std::vector<int> blocks) {
    return save_raw({{"l.weight", type, {kRows, kColumns}, bytes_of(bytes)},
                     {"l.weight_scale_inv", "F32", std::move(blocks), bytes_of(scales)}});
  };
  EXPECT_EQ(linear(fp8_file("F8_E4M3", {1, 2}), fp8), "");
  expect(linear(fp8_file("U8", {1, 2}), fp8), "l.weight", "needs F8_E4M3");
  expect(linear(fp8_file("F8_E4M3", {2, 1}), fp8), "l.weight_scale_inv", "(1,2)");
  expect(linear(fp8_file("F8_E4M3", {1, 2}), "{}"), "l.weight", "uint8");
  auto tensors = modelopt(quantized(nvfp4, w), mx::array(1.0f));
  tensors.erase(tensors.begin() + 2);
  expect(linear(save_raw(tensors), kModelOpt), "l.weight_scale_2", "missing");
}

}  // namespace
}  // namespace sanctum::nn
