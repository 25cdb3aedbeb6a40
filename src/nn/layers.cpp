#include "nn/layers.h"

#include <mlx/ops.h>

#include <cmath>

namespace sanctum::nn {

mx::array Linear::operator()(const mx::array& x) const {
  return with_bias(matrix_->multiply(x));
}

mx::array Linear::with_bias(const mx::array& y) const {
  return bias_ ? mx::add(y, *bias_) : y;
}

std::vector<mx::array> LinearGroup::operator()(const mx::array& x) const {
  std::vector<const Matrix*> matrices;
  matrices.reserve(layers_.size());
  for (const Linear& layer : layers_) matrices.push_back(layer.matrix_.get());
  std::vector<mx::array> out = backend_->multiply_each(x, matrices);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = layers_[i].with_bias(out[i]);
  return out;
}

mx::array gelu(const mx::array& x) {
  const auto scalar = [&](double value) { return mx::array(static_cast<float>(value), x.dtype()); };
  const mx::array erf = mx::erf(mx::multiply(x, scalar(1 / std::sqrt(2.0))));
  return mx::multiply(mx::multiply(x, scalar(0.5)), mx::add(scalar(1), erf));
}

}  // namespace sanctum::nn
