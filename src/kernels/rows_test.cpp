#include "kernels/rows.h"

#include <gtest/gtest.h>

#include <functional>

#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

constexpr int kRows = 5;

// One layer's rows: what to call and what a row should be, in double precision.
struct Layer {
  const char* name;
  std::function<void(const float* x, float* out, RowRange range, Isa isa)> run;
  std::function<std::vector<double>(const float* x, int row)> meant;
};

std::vector<Layer> layers(int columns) {
  static std::vector<float> weight, bias, other;
  weight = test_rows(21, 1, columns);
  bias = test_rows(22, 1, columns);
  other = test_rows(23, kRows, columns);
  constexpr float kEps = 1e-5f;
  const auto norm = [columns](const float* x, bool centred) {
    double mean = 0, squares = 0;
    for (int i = 0; i < columns; ++i) mean += centred ? static_cast<double>(x[i]) / columns : 0;
    for (int i = 0; i < columns; ++i) squares += std::pow(static_cast<double>(x[i]) - mean, 2);
    std::vector<double> out(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) {
      out[i] = (static_cast<double>(x[i]) - mean) / std::sqrt(squares / columns + 1e-5) *
               static_cast<double>(weight[i]);
      if (centred) out[i] += static_cast<double>(bias[i]);
    }
    return out;
  };
  const auto each = [columns](const float* x, const std::function<double(double, int)>& f) {
    std::vector<double> out(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) out[i] = f(static_cast<double>(x[i]), i);
    return out;
  };
  return {
      {"rms_norm",
       [=](const float* x, float* out, RowRange range, Isa isa) {
         rms_norm(x, weight.data(), kEps, columns, out, range, isa);
       },
       [=](const float* x, int) { return norm(x, false); }},
      {"layer_norm",
       [=](const float* x, float* out, RowRange range, Isa isa) {
         layer_norm(x, weight.data(), bias.data(), kEps, columns, out, range, isa);
       },
       [=](const float* x, int) { return norm(x, true); }},
      {"swiglu",
       [=](const float* x, float* out, RowRange range, Isa isa) {
         activate(Activation::kSilu, x, other.data(), columns, out, range, isa);
       },
       [=](const float* x, int row) {
         return each(x, [=](double v, int i) {
           return v / (1 + std::exp(-v)) * static_cast<double>(other[row * columns + i]);
         });
       }},
      {"gelu_tanh",
       [=](const float* x, float* out, RowRange range, Isa isa) {
         activate(Activation::kGeluTanh, x, nullptr, columns, out, range, isa);
       },
       [=](const float* x, int) {
         return each(x, [](double v, int) {
           return v / 2 * (1 + std::tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)));
         });
       }},
  };
}

TEST(Rows, AreWhatTheFormulasSayOnEveryPathAndInPlace) {
  for (const int columns : {16, 72, 100, 256, 1003}) {
    const std::vector<float> x = test_rows(24, kRows, columns);
    for (const Layer& layer : layers(columns)) {
      std::vector<float> portable(x.size());
      layer.run(x.data(), portable.data(), {0, kRows}, Isa::kPortable);
      for (int row = 0; row < kRows; ++row) {
        const auto meant = layer.meant(&x[row * columns], row);
        for (int i = 0; i < columns; ++i)
          ASSERT_NEAR(portable[row * columns + i], meant[i], 3e-6 * (1 + std::fabs(meant[i])))
              << layer.name << ", columns " << columns << ", " << x[row * columns + i];
      }
      for (const Isa isa : available_isas()) {
        std::vector<float> out = x;
        for (int row = kRows; row-- > 0;) layer.run(out.data(), out.data(), {row, row + 1}, isa);
        EXPECT_TRUE(same_bits(out, portable)) << layer.name << ", " << to_string(isa);
      }
    }
  }
}

TEST(Rows, ActivationsHoldAtTheEnds) {
  const std::vector<float> x{-1e30f, -200, -90, -87.5f, -1e-30f, 0, 1e-30f, 50, 200, 1e30f};
  const std::vector<float> ones(x.size(), 1.0f);
  const int columns = static_cast<int>(x.size());
  for (const Isa isa : available_isas()) {
    std::vector<float> y(x.size());
    activate(Activation::kSilu, x.data(), ones.data(), columns, y.data(), {0, 1}, isa);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(y[i], 0, 1e-30) << x[i];
    for (std::size_t i = 7; i < y.size(); ++i) EXPECT_EQ(y[i], x[i]);
    EXPECT_EQ(y[5], 0.0f);
    const float nan = std::nanf("");
    activate(Activation::kSilu, &nan, ones.data(), 1, y.data(), {0, 1}, isa);
    EXPECT_TRUE(std::isnan(y[0]));
  }
}

TEST(Rows, RopeTurnsEachHeadsPairs) {
  for (const auto [head_size, rotated] :
       {std::pair{32, 32}, {72, 72}, {128, 128}, {96, 72}, {64, 16}}) {
    constexpr int kHeads = 3;
    const std::vector<float> x = test_rows(25, kRows, kHeads * head_size);
    const std::vector<float> angles = test_rows(26, kRows, rotated);
    const int half = rotated / 2;
    for (const Isa isa : available_isas()) {
      std::vector<float> y(x.size());
      rope(x.data(), angles.data(), kHeads, head_size, rotated, y.data(), {0, 2}, isa);
      rope(x.data(), angles.data(), kHeads, head_size, rotated, y.data(), {2, kRows}, isa);
      for (int row = 0; row < kRows; ++row) {
        for (int head = 0; head < kHeads; ++head) {
          const int first = (row * kHeads + head) * head_size;
          for (int i = 0; i < half; ++i) {
            const float cos = angles[row * rotated + i], sin = angles[row * rotated + half + i];
            const float low = x[first + i], high = x[first + half + i];
            ASSERT_EQ(y[first + i], low * cos - high * sin) << to_string(isa);
            ASSERT_EQ(y[first + half + i], low * sin + high * cos) << to_string(isa);
          }
          for (int i = rotated; i < head_size; ++i) ASSERT_EQ(y[first + i], x[first + i]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace sanctum::kernels
