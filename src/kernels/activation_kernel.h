// The formulas of activation.h over a vector type V like those of quantized_panel.h, whose rules
// hold here too.
#pragma once

#include "kernels/activation.h"
#include "kernels/exp_kernel.h"

namespace sanctum::kernels {

inline constexpr float kSwigluLimit = 7;

template <class V, Activation kActivation>
[[gnu::always_inline]] inline typename V::F activated(typename V::F x) {
  if constexpr (kActivation == Activation::kSilu) {
    return V::mul(x, sigmoid_of<V>(x));
  } else if constexpr (kActivation == Activation::kClampedSwiglu) {
    const auto y = V::min(V::broadcast(kSwigluLimit), x);
    return V::mul(y, sigmoid_of<V>(V::mul(V::broadcast(1.702f), y)));
  } else {
    static_assert(kActivation == Activation::kGeluTanh);
    // tanh(z) = 2 sigmoid(2z) - 1
    const auto inner = V::fma(V::broadcast(0.044715f), V::mul(V::mul(x, x), x), x);
    return V::mul(x, sigmoid_of<V>(V::mul(V::broadcast(1.5957691216057308f), inner)));
  }
}

// What an activated number multiplies.
template <class V, Activation kActivation>
[[gnu::always_inline]] inline typename V::F beside(typename V::F other) {
  if constexpr (kActivation == Activation::kClampedSwiglu) {
    const auto limit = V::broadcast(kSwigluLimit), least = V::broadcast(-kSwigluLimit);
    return V::add(V::max(least, V::min(limit, other)), V::broadcast(1.0f));
  } else {
    return other;
  }
}

// Calls call.operator()<activation>().
template <class Call>
[[gnu::always_inline]] inline auto with_activation(Activation activation, const Call& call) {
  switch (activation) {
    case Activation::kSilu:
      return call.template operator()<Activation::kSilu>();
    case Activation::kGeluTanh:
      return call.template operator()<Activation::kGeluTanh>();
    case Activation::kClampedSwiglu:
      return call.template operator()<Activation::kClampedSwiglu>();
  }
  __builtin_unreachable();
}

}  // namespace sanctum::kernels
