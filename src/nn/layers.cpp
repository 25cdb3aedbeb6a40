#include "nn/layers.h"

#include <mlx/ops.h>

#include <cmath>

namespace sanctum::nn {

mx::array Linear::operator()(const mx::array& x) const {
  mx::array y = matrix_->multiply(x);
  return bias_ ? mx::add(y, *bias_) : y;
}

mx::array gelu(const mx::array& x) {
  const auto scalar = [&](double value) { return mx::array(static_cast<float>(value), x.dtype()); };
  const mx::array erf = mx::erf(mx::multiply(x, scalar(1 / std::sqrt(2.0))));
  return mx::multiply(mx::multiply(x, scalar(0.5)), mx::add(scalar(1), erf));
}

}  // namespace sanctum::nn
