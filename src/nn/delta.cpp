#include "nn/delta.h"

#include <mlx/ops.h>

namespace sanctum::nn {

DeltaWeights delta_weights(const mx::array& conv, const mx::array& a_log,
                           const mx::array& dt_bias) {
  const int channels = conv.shape(0), taps = static_cast<int>(conv.size()) / channels;
  const auto wide = [](const mx::array& x) { return mx::astype(x, mx::float32); };
  return {mx::contiguous(mx::transpose(mx::reshape(wide(conv), {channels, taps}))), wide(a_log),
          wide(dt_bias)};
}

}  // namespace sanctum::nn
