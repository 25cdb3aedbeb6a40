// The kernels of rows.h, written once over a vector type V like those of quantized_panel.h, whose
// rules hold here too. Each row is computed by itself.
#pragma once

#include <cstddef>

#include "kernels/activation_kernel.h"
#include "kernels/kernel_arguments.h"
#include "kernels/lane_sums.h"

namespace sanctum::kernels {

// The sum of term(x[i]) over a row; term maps a vector, and 0 to 0.
template <class V, class Term>
[[gnu::always_inline]] inline float sum_of(const float* x, int count, const Term& term) {
  Lanes<V> sum = zero_lanes<V>();
  const auto add = [&](const float* from) {
    for (int p = 0; p < Lanes<V>::kParts; ++p)
      sum.part[p] = V::add(sum.part[p], term(V::load_f(from + p * V::kLanes)));
  };
  int i = 0;
  for (; i + 16 <= count; i += 16) add(x + i);
  if (i < count) {
    float rest[16] = {};
    for (int at = i; at < count; ++at) rest[at - i] = x[at];
    add(rest);
  }
  return sum_of_lanes<V>(sum);
}

// y[i] = make(at) for vectors of neighbours; at(x) is x's part of them. What is left of a row goes
// through copies, filled with zeros.
template <class V, class Make>
[[gnu::always_inline]] inline void fill(float* y, int count, const Make& make) {
  int i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes)
    V::store(y + i, make([i](const float* x) { return V::load_f(x + i); }));
  if (i == count) return;
  float rest[V::kLanes];
  V::store(rest, make([i, count](const float* x) {
             float part[V::kLanes] = {};
             for (int at = i; at < count; ++at) part[at - i] = x[at];
             return V::load_f(part);
           }));
  for (int at = i; at < count; ++at) y[at] = rest[at - i];
}

// x / sqrt(mean(x^2) + eps) * weight (Zhang and Sennrich, 2019).
template <class V>
void rms_norm_row(const RowArguments& a, const float* x, const float*, float* y) {
  const float squares = sum_of<V>(x, a.columns, [](auto v) { return V::mul(v, v); });
  const auto inverse =
      V::broadcast(1.0f / __builtin_sqrtf(squares / static_cast<float>(a.columns) + a.eps));
  fill<V>(y, a.columns,
          [&](const auto& at) { return V::mul(V::mul(at(x), inverse), at(a.weight)); });
}

// (x - mean) / sqrt(variance + eps) * weight + bias (Ba et al., 2016).
template <class V>
void layer_norm_row(const RowArguments& a, const float* x, const float*, float* y) {
  const auto columns = static_cast<float>(a.columns);
  const auto mean = V::broadcast(sum_of<V>(x, a.columns, [](auto v) { return v; }) / columns);
  fill<V>(y, a.columns, [&](const auto& at) { return V::sub(at(x), mean); });
  const float squares = sum_of<V>(y, a.columns, [](auto v) { return V::mul(v, v); });
  const auto inverse = V::broadcast(1.0f / __builtin_sqrtf(squares / columns + a.eps));
  fill<V>(y, a.columns, [&](const auto& at) {
    return V::add(V::mul(V::mul(at(y), inverse), at(a.weight)), at(a.bias));
  });
}

// act(x), or act(x) * other (Shazeer, 2020).
template <class V, Activation kActivation>
void activation_row(const RowArguments& a, const float* x, const float* other, float* y) {
  if (other == nullptr)
    return fill<V>(y, a.columns, [&](const auto& at) { return activated<V, kActivation>(at(x)); });
  fill<V>(y, a.columns, [&](const auto& at) {
    return V::mul(activated<V, kActivation>(at(x)), beside<V, kActivation>(at(other)));
  });
}

// Turns each head's pairs (i, i + half) by the row's angles (Su et al., 2021); columns is a head's
// size, other holds its cosines and then its sines.
template <class V>
void rope_row(const RowArguments& a, const float* x, const float* other, float* y) {
  const int half = a.rotated / 2;
  const float *cos = other, *sin = other + half;
  for (int head = 0; head < a.heads; ++head, x += a.columns, y += a.columns) {
    const float *low = x, *high = x + half;
    fill<V>(y, half, [&](const auto& at) {
      return V::sub(V::mul(at(low), at(cos)), V::mul(at(high), at(sin)));
    });
    fill<V>(y + half, half, [&](const auto& at) {
      return V::add(V::mul(at(low), at(sin)), V::mul(at(high), at(cos)));
    });
    for (int i = a.rotated; i < a.columns; ++i) y[i] = x[i];
  }
}

template <class V>
void rows_with(const RowArguments& a) {
  const auto rows = [&](void (*row_of)(const RowArguments&, const float*, const float*, float*)) {
    const std::size_t width =
        static_cast<std::size_t>(a.columns) * static_cast<std::size_t>(a.heads);
    const auto other_width =
        static_cast<std::size_t>(a.kind == RowKind::kRope ? a.rotated : a.columns);
    for (int row = a.row_first; row < a.row_last; ++row) {
      const auto at = static_cast<std::size_t>(row);
      row_of(a, a.x + at * width, a.other != nullptr ? a.other + at * other_width : nullptr,
             a.out + at * width);
    }
  };
  switch (a.kind) {
    case RowKind::kRmsNorm:
      return rows(rms_norm_row<V>);
    case RowKind::kLayerNorm:
      return rows(layer_norm_row<V>);
    case RowKind::kActivation:
      return with_activation(a.activation, [&]<Activation kOf>() { rows(activation_row<V, kOf>); });
    case RowKind::kRope:
      return rows(rope_row<V>);
  }
}

}  // namespace sanctum::kernels
