// A number's type as a constant of the compiler. Inlined always: see quantized_panel.h's rule.
#pragma once

#include "kernels/number_type.h"

namespace sanctum::kernels {

// Calls call.operator()<type>().
template <class Call>
[[gnu::always_inline]] inline void with_type(int type, const Call& call) {
  if (type == kBfloat16) return call.template operator()<kBfloat16>();
  if (type == kFloat16) return call.template operator()<kFloat16>();
  call.template operator()<kFloat32>();
}

}  // namespace sanctum::kernels
