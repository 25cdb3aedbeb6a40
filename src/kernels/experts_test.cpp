#include "kernels/experts.h"

#include <gtest/gtest.h>

#include "kernels/half.h"
#include "kernels/product.h"
#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

constexpr int kExperts = 5, kWidth = 64, kInner = 32, kGroup = 32, kRows = 9, kChosen = 2;

// `experts` matrices, each also alone.
struct Stack {
  Stack(unsigned seed, int outputs, int columns, int bits, Codes codes)
      : whole(test_matrix(seed, kExperts * outputs, columns, bits, kGroup, type(codes), codes)),
        packed(whole.source(), kExperts * outputs, columns, bits, kGroup, type(codes), nullptr,
               codes),
        matrices{&packed, {}, outputs} {
    for (int e = 0; e < kExperts; ++e) {
      const std::size_t row = static_cast<std::size_t>(e) * outputs;
      const std::size_t scales = row * (columns / kGroup) * bytes_of(type(codes));
      const QuantizedSource source{whole.words.data() + row * columns * bits / 32,
                                   whole.scales.data() + scales,
                                   codes == Codes::kE2m1 ? nullptr : whole.biases.data() + scales};
      alone.emplace_back(source, outputs, columns, bits, kGroup, type(codes), nullptr, codes);
    }
  }
  static NumberType type(Codes codes) { return codes == Codes::kE2m1 ? kBfloat16 : kFloat32; }
  TestMatrix whole;
  PackedMatrix packed;
  std::vector<PackedMatrix> alone;
  ExpertMatrices matrices;
};

struct Chosen {
  std::vector<std::int32_t> experts;
  std::vector<float> weights;
  Routes routes(int first, int rows) const {
    return {rows, kChosen, kExperts, experts.data() + first * kChosen,
            weights.data() + first * kChosen};
  }
};

// Not in the experts' order, and not alike.
Chosen chosen() {
  Chosen out;
  for (int row = 0; row < kRows; ++row) {
    out.experts.push_back((row * 3 + 2) % kExperts);
    out.experts.push_back((row * 3 + 2 + 1 + row % 3) % kExperts);
    out.weights.push_back(0.25f + static_cast<float>(row) / 16);
    out.weights.push_back(0.75f - static_cast<float>(row) / 32);
  }
  return out;
}

std::vector<float> alone(Runtime& runtime, const std::vector<Stack>& stacks, const float* x,
                         const Routes& routes, int row, const std::vector<int>& row_bits) {
  std::vector<std::pair<int, float>> parts;
  parts.reserve(kChosen);
  for (int i = 0; i < kChosen; ++i)
    parts.emplace_back(routes.expert[row * kChosen + i], routes.weight[row * kChosen + i]);
  std::sort(parts.begin(), parts.end());
  std::vector<float> out(kWidth), gate(kInner), up(kInner), down(kWidth);
  for (const auto& [expert, weight] : parts) {
    const auto e = static_cast<std::size_t>(expert);
    multiply_all(runtime, x + row * kWidth, 1, stacks[0].alone[e], row_bits[0], gate.data());
    multiply_all(runtime, x + row * kWidth, 1, stacks[1].alone[e], row_bits[1], up.data());
    activate(Activation::kSilu, gate.data(), up.data(), kInner, gate.data(), {0, 1}, runtime.isa());
    multiply_all(runtime, gate.data(), 1, stacks[2].alone[e], row_bits[2], down.data());
    for (int i = 0; i < kWidth; ++i) out[i] += weight * down[i];
  }
  return out;
}

TEST(Experts, AreWhatEachRowsOwnMatricesGiveWhoeverElseIsThere) {
  const std::vector<float> x = test_rows(50, kRows, kWidth);
  const Chosen choice = chosen();
  struct Case {
    std::vector<int> bits;  // of gate, up and down
    Codes codes;
  };
  for (const auto& [bits, codes] : std::vector<Case>{{{4, 4, 4}, Codes::kAffine},
                                                     {{8, 8, 8}, Codes::kAffine},
                                                     {{4, 8, 4}, Codes::kAffine},
                                                     {{8, 4, 8}, Codes::kAffine},
                                                     {{4, 4, 4}, Codes::kE2m1}}) {
    std::vector<int> row_bits;
    row_bits.reserve(3);
    for (const int of : bits) row_bits.push_back(of == 4 ? 8 : 16);
    std::vector<Stack> stacks;
    stacks.reserve(3);
    stacks.emplace_back(51, kInner, kWidth, bits[0], codes);
    stacks.emplace_back(52, kInner, kWidth, bits[1], codes);
    stacks.emplace_back(53, kWidth, kInner, bits[2], codes);
    const ExpertLayer layer{stacks[0].matrices, stacks[1].matrices, stacks[2].matrices,
                            Activation::kSilu,  row_bits[0],        row_bits[1],
                            row_bits[2]};
    for (const Isa isa : available_isas()) {
      for (const int threads : {1, 3}) {
        Runtime runtime(threads, isa);
        std::vector<float> out(x.size());
        mix_experts(runtime, layer, x.data(), choice.routes(0, kRows), out.data());
        for (int row = 0; row < kRows; ++row) {
          const std::span<const float> found(out.data() + row * kWidth, kWidth);
          EXPECT_TRUE(same_bits(
              found, alone(runtime, stacks, x.data(), choice.routes(0, kRows), row, row_bits)))
              << to_string(isa) << ", row " << row;
          std::vector<float> single(kWidth);
          mix_experts(runtime, layer, x.data() + row * kWidth, choice.routes(row, 1),
                      single.data());
          EXPECT_TRUE(same_bits(found, single)) << to_string(isa) << ", row " << row;
        }
      }
    }
  }
}

TEST(Experts, PlainOnesAreThoseThatTheyMean) {
  const std::vector<float> x = test_rows(50, kRows, kWidth);
  const Chosen choice = chosen();
  const std::vector<float> gate = test_rows(54, kExperts * kInner, kWidth);
  const std::vector<float> up = test_rows(55, kExperts * kInner, kWidth);
  const std::vector<float> down = test_rows(56, kExperts * kWidth, kInner);
  const auto stacked = [](const std::vector<float>& of, int outputs, int columns) {
    return ExpertMatrices{nullptr, {of.data(), kFloat32, kExperts * outputs, columns}, outputs};
  };
  const ExpertLayer layer{stacked(gate, kInner, kWidth),
                          stacked(up, kInner, kWidth),
                          stacked(down, kWidth, kInner),
                          Activation::kSilu,
                          0,
                          0,
                          0};
  const auto dot = [](const float* a, const float* b, int n) {
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
  };
  Runtime runtime(2, available_isas().back());
  std::vector<float> out(x.size());
  mix_experts(runtime, layer, x.data(), choice.routes(0, kRows), out.data());
  for (int row = 0; row < kRows; ++row) {
    for (int i = 0; i < kWidth; ++i) {
      double meant = 0;
      for (int c = 0; c < kChosen; ++c) {
        const int e = choice.experts[row * kChosen + c];
        std::vector<float> hidden;
        for (int k = 0; k < kInner; ++k) {
          const double g = dot(&x[row * kWidth], &gate[(e * kInner + k) * kWidth], kWidth);
          const double u = dot(&x[row * kWidth], &up[(e * kInner + k) * kWidth], kWidth);
          hidden.push_back(static_cast<float>(g / (1 + std::exp(-g)) * u));
        }
        meant += static_cast<double>(choice.weights[row * kChosen + c]) *
                 dot(hidden.data(), &down[(e * kWidth + i) * kInner], kInner);
      }
      ASSERT_NEAR(out[row * kWidth + i], meant, 1e-3 * std::max(1.0, std::fabs(meant)));
    }
  }
}

}  // namespace
}  // namespace sanctum::kernels
