// The version of our kernels' arithmetic: to be raised with every change after which the same
// weights may give other bits. What models said before such a change is not held against them after
// it (probes/goldens.h).
#pragma once

namespace sanctum::kernels {

inline constexpr int kNumberFormat = 2;

}  // namespace sanctum::kernels
