#include "kernels/runtime.h"

#include <gtest/gtest.h>

#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

constexpr int kColumns = 1024, kRows = 70;  // enough for several items

// Numbers of which some are denormal, and of which kernels make more.
std::vector<float> tiny_rows(unsigned seed, int rows, int columns) {
  std::vector<float> out = test_rows(seed, rows, columns);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if ((i + seed) % 3 != 0) out[i] *= i % 2 == 0 ? 1e-39f : 3e-38f;
  }
  return out;
}

// What a layer does to rows.
struct Layer {
  const char* name;
  std::function<void(const float* x, const float* other, float* out, RowRange range, Isa isa)> run;
};

const std::vector<float>& tiny() {
  static const std::vector<float> all = tiny_rows(31, 1, kColumns);
  return all;
}

std::vector<Layer> layers() {
  return {
      {"rms_norm", [](const float* x, const float*, float* out, RowRange range,
                      Isa isa) { rms_norm(x, tiny().data(), 1e-5f, kColumns, out, range, isa); }},
      {"layer_norm",
       [](const float* x, const float*, float* out, RowRange range, Isa isa) {
         layer_norm(x, tiny().data(), tiny().data(), 1e-5f, kColumns, out, range, isa);
       }},
      {"swiglu", [](const float* x, const float* other, float* out, RowRange range,
                    Isa isa) { activate(Activation::kSilu, x, other, kColumns, out, range, isa); }},
      {"gelu_tanh",
       [](const float* x, const float*, float* out, RowRange range, Isa isa) {
         activate(Activation::kGeluTanh, x, nullptr, kColumns, out, range, isa);
       }},
      {"rope", [](const float* x, const float* other, float* out, RowRange range,
                  Isa isa) { rope(x, other, 1, kColumns, kColumns, out, range, isa); }},
  };
}

// One row's bits are the same alone as among many, on one thread as on several.
TEST(Runtime, DenormalsAreZeroInOneRowAsInMany) {
  const std::vector<float> x = tiny_rows(32, kRows, kColumns);
  const std::vector<float> other = tiny_rows(33, kRows, kColumns);
  for (const Layer& layer : layers()) {
    for (const Isa isa : available_isas()) {
      const auto shared = [&](Runtime& runtime, int first, int rows) {
        const float* from = x.data() + first * kColumns;
        const float* beside = other.data() + first * kColumns;
        std::vector<float> out(static_cast<std::size_t>(rows) * kColumns, -1.0f);
        runtime.share_rows(rows, kColumns, [&](RowRange range) {
          layer.run(from, beside, out.data(), range, isa);
        });
        return out;
      };
      Runtime one(1, isa), several(3, isa);
      const std::vector<float> many = shared(several, 0, kRows);
      EXPECT_TRUE(same_bits(shared(one, 0, kRows), many)) << layer.name << ", " << to_string(isa);
      for (const int row : {0, 1, kRows - 1}) {
        const auto among = std::span(many).subspan(row * kColumns, kColumns);
        EXPECT_TRUE(same_bits(shared(several, row, 1), among)) << layer.name << ", row " << row;
        EXPECT_TRUE(same_bits(shared(one, row, 1), among)) << layer.name << ", row " << row;
      }
      // It would show: without the guard the same rows have other bits.
      std::vector<float> bare(many.size());
      layer.run(x.data(), other.data(), bare.data(), {0, kRows}, isa);
      EXPECT_FALSE(same_bits(bare, many)) << layer.name << ", " << to_string(isa);
    }
  }
}

}  // namespace
}  // namespace sanctum::kernels
