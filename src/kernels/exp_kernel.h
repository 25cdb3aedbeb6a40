// exp and what is made of it, over a vector type V like the kernels of quantized_panel.h, whose
// rules hold here too.
#pragma once

namespace sanctum::kernels {

// exp for x <= 0: 0 below -87, NaN for NaN (Cody and Waite's reduction, degree 6).
template <class V>
[[gnu::always_inline]] inline typename V::F exp_of(typename V::F x) {
  using F = typename V::F;
  const F n = V::round(V::mul(x, V::broadcast(1.44269504088896341f)));
  F r = V::fma(n, V::broadcast(-0.693359375f), x);
  r = V::fma(n, V::broadcast(2.12194440e-4f), r);
  F p = V::broadcast(1.3888889e-3f);
  p = V::fma(p, r, V::broadcast(8.3333333e-3f));
  p = V::fma(p, r, V::broadcast(4.1666667e-2f));
  p = V::fma(p, r, V::broadcast(1.6666667e-1f));
  p = V::fma(p, r, V::broadcast(0.5f));
  p = V::fma(p, r, V::broadcast(1.0f));
  p = V::fma(p, r, V::broadcast(1.0f));
  return V::zero_where_below(x, -87.0f, V::times_power_of_two(p, n));
}

// 1 / (1 + exp(-x)), through exp of a number that is never positive.
template <class V>
[[gnu::always_inline]] inline typename V::F sigmoid_of(typename V::F x) {
  using F = typename V::F;
  const F one = V::broadcast(1.0f);
  const F e = exp_of<V>(V::negative_abs(x));
  const F below = V::div(e, V::add(one, e));  // of -|x|
  return V::where_negative(x, below, V::sub(one, below));
}

}  // namespace sanctum::kernels
