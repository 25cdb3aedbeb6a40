// The kernel of float_matmul.h, written once over a vector type V like those of quantized_panel.h,
// whose rules hold here too. A product's columns fall into 16 virtual lanes, each a chain of fused
// products in column order; so its bits do not depend on which rows and outputs stand beside it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernel_arguments.h"
#include "kernels/lane_sums.h"
#include "kernels/typed.h"

namespace sanctum::kernels {

// Rows [row, row + R) times outputs [output, output + O).
template <class V, int kType, int R, int O>
void float_tile(const FloatMatmulArguments& a, int row, int output) {
  constexpr std::size_t kBytes = kType == kFloat32 ? 4 : 2;
  const auto columns = static_cast<std::size_t>(a.columns);
  const float* x[R];
  const std::uint8_t* w[O];
  Lanes<V> sum[R][O];
  for (int r = 0; r < R; ++r) {
    x[r] = a.x + (static_cast<std::size_t>(row) + static_cast<std::size_t>(r)) * columns;
    for (int o = 0; o < O; ++o) sum[r][o] = zero_lanes<V>();
  }
  for (int o = 0; o < O; ++o) {
    w[o] = static_cast<const std::uint8_t*>(a.weight) +
           (static_cast<std::size_t>(output) + static_cast<std::size_t>(o)) * columns * kBytes;
  }
  const auto add = [&](const float* const(&from_x)[R], const std::uint8_t* const(&from_w)[O],
                       int first) {
    for (int p = 0; p < Lanes<V>::kParts; ++p) {
      const int at = first + p * V::kLanes;
      typename V::F rows[R];
      for (int r = 0; r < R; ++r) rows[r] = V::load_f(from_x[r] + at);
      for (int o = 0; o < O; ++o) {
        const auto weight = V::template load_numbers<kType>(from_w[o], at);
        for (int r = 0; r < R; ++r) sum[r][o].part[p] = V::fma(rows[r], weight, sum[r][o].part[p]);
      }
    }
  };
  int i = 0;
  for (; i + 16 <= a.columns; i += 16) add(x, w, i);
  if (i < a.columns) {
    float rest_x[R][16] = {};
    std::uint8_t rest_w[O][16 * kBytes] = {};
    const float* from_x[R];
    const std::uint8_t* from_w[O];
    const auto left = static_cast<std::size_t>(a.columns - i);
    for (int r = 0; r < R; ++r) {
      __builtin_memcpy(rest_x[r], x[r] + i, left * sizeof(float));
      from_x[r] = rest_x[r];
    }
    for (int o = 0; o < O; ++o) {
      __builtin_memcpy(rest_w[o], w[o] + static_cast<std::size_t>(i) * kBytes, left * kBytes);
      from_w[o] = rest_w[o];
    }
    add(from_x, from_w, 0);
  }
  for (int r = 0; r < R; ++r) {
    float* to = a.out + (static_cast<std::size_t>(row) + static_cast<std::size_t>(r)) * a.stride;
    for (int o = 0; o < O; ++o) to[output + o] = sum_of_lanes<V>(sum[r][o]);
  }
}

template <class V, int kType, int R>
void float_rows(const FloatMatmulArguments& a, int row) {
  constexpr int kWide = V::kLanes == 16 ? 4 : 2;
  int output = a.output_first;
  for (; output + kWide <= a.output_last; output += kWide)
    float_tile<V, kType, R, kWide>(a, row, output);
  for (; output < a.output_last; ++output) float_tile<V, kType, R, 1>(a, row, output);
}

template <class V>
void multiply_float_with(const FloatMatmulArguments& a) {
  with_type(a.weight_type, [&]<int kType>() {
    constexpr int kRows = V::kLanes == 16 ? 4 : 2;
    int row = a.row_first;
    for (; row + kRows <= a.row_last; row += kRows) float_rows<V, kType, kRows>(a, row);
    for (; row < a.row_last; ++row) float_rows<V, kType, 1>(a, row);
  });
}

}  // namespace sanctum::kernels
