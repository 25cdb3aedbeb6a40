// The one order in which the kernels add: 16 virtual lanes, whatever a register holds, then halves
// of halves. Over a vector type V like the kernels of quantized_panel.h, whose rules hold here too.
#pragma once

namespace sanctum::kernels {

// 16 lanes in as many vectors as V needs.
template <class V>
struct Lanes {
  static constexpr int kParts = 16 / V::kLanes;
  typename V::F part[kParts];
};

template <class V>
[[gnu::always_inline]] inline Lanes<V> zero_lanes() {
  Lanes<V> out;
  for (auto& part : out.part) part = V::zero_f();
  return out;
}

template <class V>
[[gnu::always_inline]] inline float sum_of_lanes(const Lanes<V>& sum) {
  float lanes[16];
  for (int p = 0; p < Lanes<V>::kParts; ++p) V::store(lanes + p * V::kLanes, sum.part[p]);
  for (int half = 8; half > 0; half /= 2)
    for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

}  // namespace sanctum::kernels
