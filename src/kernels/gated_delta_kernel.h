// The kernels of gated_delta.h, written once over a vector type V like those of quantized_panel.h,
// whose rules hold here too. A lane is a channel, or a row of values: lanes never meet but in the
// norm, whose sum has the order of lane_sums.h.
#pragma once

#include <cstddef>

#include "kernels/activation_kernel.h"
#include "kernels/kernel_arguments.h"
#include "kernels/row_kernels.h"

namespace sanctum::kernels {

inline constexpr float kDeltaEps = 1e-6f;  // of the sum of a head's squares

// One row of a head: `tap[j]` is its part of the row that tap j sees.
template <class V>
[[gnu::always_inline]] inline void convolve_row(const DeltaConvArguments& a,
                                                const float* const (&tap)[kDeltaTapsMax],
                                                float* out) {
  fill<V>(out, a.size, [&](const auto& at) {
    auto sum = V::mul(at(tap[0]), at(a.weights));
    for (int j = 1; j < a.taps; ++j)
      sum = V::fma(at(tap[j]), at(a.weights + static_cast<std::size_t>(j) * a.stride), sum);
    return activated<V, Activation::kSilu>(sum);
  });
  if (a.norm == 0) return;
  const float squares = sum_of<V>(out, a.size, [](auto v) { return V::mul(v, v); });
  const auto factor = V::broadcast(a.norm / __builtin_sqrtf(squares + kDeltaEps));
  fill<V>(out, a.size, [&](const auto& at) { return V::mul(at(out), factor); });
}

template <class V>
void convolve_with(const DeltaConvArguments& a) {
  const int kept = a.taps - 1;  // rows
  // Row `index` of those kept before and the new ones behind them.
  const auto row_at = [&](int index) -> const float* {
    return index < kept ? a.before + static_cast<std::size_t>(index) * a.stride
                        : a.x + static_cast<std::size_t>(index - kept) * a.stride;
  };
  for (int row = 0; row < a.rows; ++row) {
    const float* tap[kDeltaTapsMax];
    for (int j = 0; j < a.taps; ++j) tap[j] = row_at(row + j);
    convolve_row<V>(a, tap,
                    a.out + static_cast<std::size_t>(row) * static_cast<std::size_t>(a.size));
  }
  for (int row = 0; row < kept; ++row) {
    float* to = a.before + static_cast<std::size_t>(row) * a.stride;
    const float* from = row_at(row + a.rows);
    for (int i = 0; i < a.size; ++i) to[i] = from[i];
  }
}

// S k is decay * (S before k), so that the state is read once for it and once to be changed. Two
// sums of it, of even and odd features: one would wait for its additions.
template <class V>
void delta_with(const DeltaArguments& a) {
  using F = typename V::F;
  constexpr int kWide = kDeltaRows / V::kLanes;
  const auto size = static_cast<std::size_t>(a.key_size);
  for (int row = 0; row < a.rows; ++row) {
    const auto at = static_cast<std::size_t>(row);
    const float *q = a.q + at * size, *k = a.k + at * size;
    const F decay = V::broadcast(a.decay[row]), beta = V::broadcast(a.beta[row]);
    F even[kWide], odd[kWide], delta[kWide], out[kWide];
    for (int w = 0; w < kWide; ++w) even[w] = odd[w] = out[w] = V::zero_f();
    const auto add = [&](std::size_t d, F(&sum)[kWide]) __attribute__((always_inline)) {
      const F key = V::broadcast(k[d]);
      const float* state = a.state + d * kDeltaRows;
      for (int w = 0; w < kWide; ++w)
        sum[w] = V::fma(key, V::load_f(state + w * V::kLanes), sum[w]);
    };
    std::size_t pair = 0;
    for (; pair + 2 <= size; pair += 2) {
      add(pair, even);
      add(pair + 1, odd);
    }
    if (pair < size) add(pair, even);
    for (int w = 0; w < kWide; ++w) {
      const F known = V::mul(V::add(even[w], odd[w]), decay);
      const F value = V::load_f(a.v + at * a.value_stride + w * V::kLanes);
      delta[w] = V::mul(V::sub(value, known), beta);
    }
    for (std::size_t d = 0; d < size; ++d) {
      const F key = V::broadcast(k[d]), query = V::broadcast(q[d]);
      float* state = a.state + d * kDeltaRows;
      for (int w = 0; w < kWide; ++w) {
        const F kept = V::mul(V::load_f(state + w * V::kLanes), decay);
        const F now = V::fma(key, delta[w], kept);
        V::store(state + w * V::kLanes, now);
        out[w] = V::fma(query, now, out[w]);
      }
    }
    for (int w = 0; w < kWide; ++w) V::store(a.out + at * a.out_stride + w * V::kLanes, out[w]);
  }
}

}  // namespace sanctum::kernels
