#include "nn/cpu/cpu_gated_delta.h"

#include <utility>

#include "nn/cpu/cpu_op.h"

namespace sanctum::nn {

mx::array gated_delta(const RuntimePointer& runtime, const DeltaShape& shape,
                      const DeltaWeights& weights, const mx::array& qkv, const mx::array& a,
                      const mx::array& b, std::vector<kernels::DeltaSlice> slices) {
  return cpu_op(
      {qkv, a, b, weights.conv, weights.a_log, weights.dt_bias},
      {qkv.shape(0), shape.value_heads, shape.value_size}, mx::float32,
      [runtime, shape, slices = std::move(slices)](const auto& in, void* out) {
        const auto floats = [&in](std::size_t i) { return static_cast<const float*>(in[i]); };
        kernels::gated_delta(*runtime, shape, {floats(3), floats(4), floats(5)},
                             {floats(0), floats(1), floats(2)}, slices, static_cast<float*>(out));
      });
}

}  // namespace sanctum::nn
