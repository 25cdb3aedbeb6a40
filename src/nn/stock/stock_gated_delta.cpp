#include "nn/stock/stock_gated_delta.h"

#include <mlx/ops.h>

#include <cmath>
#include <vector>

namespace sanctum::nn {
namespace {

mx::array wide(const mx::array& x) {
  return mx::astype(x, mx::float32);
}

// Rows [first, last).
mx::array part(const mx::array& x, int first, int last) {
  return mx::slice(x, {first, 0}, {last, x.shape(1)});
}

// [rows, heads * size] -> [rows, heads, 1, size], each head's squares summing to 1, repeated for as
// many heads as values have.
mx::array normalized(const mx::array& x, const DeltaShape& shape) {
  const mx::array heads = mx::reshape(x, {x.shape(0), shape.key_heads, 1, shape.key_size});
  const mx::array squares = mx::sum(mx::square(heads), -1, /*keepdims=*/true);
  const mx::array unit = mx::multiply(heads, mx::rsqrt(mx::add(squares, mx::array(1e-6f))));
  return mx::repeat(unit, shape.value_heads / shape.key_heads, 1);
}

}  // namespace

DeltaState no_delta_state(const DeltaShape& shape) {
  return {mx::zeros({shape.taps - 1, shape.channels()}),
          mx::zeros({shape.value_heads, shape.value_size, shape.key_size})};
}

DeltaStep gated_delta(const DeltaShape& shape, const DeltaWeights& weights, const mx::array& qkv,
                      const mx::array& a, const mx::array& b, const DeltaState& before) {
  const int rows = qkv.shape(0), kept = shape.taps - 1, heads = shape.value_heads;
  const mx::array all = mx::concatenate({before.conv, wide(qkv)}, 0);
  mx::array sum = mx::zeros({rows, shape.channels()});
  for (int tap = 0; tap < shape.taps; ++tap)
    sum = mx::add(sum, mx::multiply(part(all, tap, tap + rows), part(weights.conv, tap, tap + 1)));
  const std::vector<mx::array> qkv_parts = mx::split(
      mx::multiply(sum, mx::sigmoid(sum)), mx::Shape{shape.key_dim(), 2 * shape.key_dim()}, -1);

  const mx::array softplus = mx::logaddexp(mx::add(wide(a), weights.dt_bias), mx::array(0.0f));
  const mx::array decay = mx::exp(mx::negative(mx::multiply(mx::exp(weights.a_log), softplus)));
  const auto each = [rows](const mx::array& x, const mx::Shape& as) {
    return mx::split(mx::reshape(x, as), rows, 0);
  };
  const mx::array shrink(1 / std::sqrt(static_cast<float>(shape.key_size)));
  const auto q = mx::split(mx::multiply(normalized(qkv_parts[0], shape), shrink), rows, 0);
  const auto k = mx::split(normalized(qkv_parts[1], shape), rows, 0);
  const auto v = each(qkv_parts[2], {rows, heads, shape.value_size, 1});
  const auto decays = each(decay, {rows, heads, 1, 1});
  const auto betas = each(mx::sigmoid(wide(b)), {rows, heads, 1, 1});

  mx::array state = mx::expand_dims(before.state, 0);
  std::vector<mx::array> out;
  for (std::size_t row = 0; row < q.size(); ++row) {
    const auto times = [&state](const mx::array& x) {
      return mx::sum(mx::multiply(state, x), -1, /*keepdims=*/true);
    };
    state = mx::multiply(state, decays[row]);
    const mx::array delta = mx::multiply(mx::subtract(v[row], times(k[row])), betas[row]);
    state = mx::add(state, mx::multiply(k[row], delta));
    out.push_back(times(q[row]));
  }
  return {mx::reshape(mx::concatenate(std::move(out), 0), {rows, heads, shape.value_size}),
          // Rows of their own, or all of them would stay.
          {mx::contiguous(part(all, rows, rows + kept)), mx::squeeze(state, 0)}};
}

}  // namespace sanctum::nn
