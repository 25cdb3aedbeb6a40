#include "nn/layers.h"

#include <mlx/fast.h>
#include <mlx/ops.h>

#include <cmath>

namespace sanctum::nn {
namespace {

mx::array scalar(float value, const mx::array& like) {
  return mx::array(value, like.dtype());
}

}  // namespace

mx::array multiply(const mx::array& x, const Matrix& m) {
  if (m.scales) {
    return mx::quantized_matmul(x, m.weight, *m.scales, m.biases, /*transpose=*/true, m.group_size,
                                m.bits);
  }
  return mx::matmul(x, mx::transpose(m.weight));
}

mx::array Linear::operator()(const mx::array& x) const {
  mx::array y = multiply(x, matrix_);
  return bias_ ? mx::add(y, *bias_) : y;
}

mx::array Embedding::operator()(const mx::array& ids) const {
  const mx::array rows = mx::take(table_.weight, ids, 0);
  if (!table_.scales) return mx::astype(rows, compute_);
  return mx::astype(
      mx::dequantize(rows, mx::take(*table_.scales, ids, 0), mx::take(*table_.biases, ids, 0),
                     table_.group_size, table_.bits),
      compute_);
}

mx::array RmsNorm::operator()(const mx::array& x) const {
  return mx::fast::rms_norm(x, weight_, eps_);
}

mx::array LayerNorm::operator()(const mx::array& x) const {
  return mx::fast::layer_norm(x, weight_, bias_, eps_);
}

mx::array SwiGlu::operator()(const mx::array& x) const {
  return down_proj_(mx::multiply(silu(gate_proj_(x)), up_proj_(x)));
}

mx::array silu(const mx::array& x) {
  return mx::multiply(x, mx::sigmoid(x));
}

mx::array gelu(const mx::array& x) {
  const mx::array erf = mx::erf(mx::multiply(x, scalar(static_cast<float>(1 / std::sqrt(2.0)), x)));
  return mx::multiply(mx::multiply(x, scalar(0.5f, x)), mx::add(scalar(1.0f, x), erf));
}

mx::array gelu_tanh(const mx::array& x) {
  const float c = static_cast<float>(std::sqrt(2.0 / M_PI));
  const mx::array cube = mx::multiply(mx::multiply(x, x), x);
  const mx::array inner =
      mx::multiply(scalar(c, x), mx::add(x, mx::multiply(scalar(0.044715f, x), cube)));
  return mx::multiply(mx::multiply(x, scalar(0.5f, x)), mx::add(scalar(1.0f, x), mx::tanh(inner)));
}

}  // namespace sanctum::nn
