#include "nn/attention.h"

#include <mlx/fast.h>
#include <mlx/ops.h>

namespace sanctum::nn {
namespace {

// [rows, heads, size] -> [heads, rows, size]
mx::array heads_first(const mx::array& x) {
  return mx::transpose(x, {1, 0, 2});
}

// [1, heads, rows, size] -> [rows, heads * size]
mx::array rows_first(const mx::array& x) {
  const int heads = x.shape(1);
  const int rows = x.shape(2);
  const int size = x.shape(3);
  return mx::reshape(mx::transpose(x, {0, 2, 1, 3}), {rows, heads * size});
}

mx::array rows(const mx::array& x, const Slice& slice) {
  if (slice.count == x.shape(0)) return x;
  return mx::slice(x, {slice.first, 0, 0}, {slice.first + slice.count, x.shape(1), x.shape(2)});
}

}  // namespace

mx::array causal_attention(const mx::array& q, const mx::array& k, const mx::array& v, float scale,
                           const std::vector<Slice>& slices, int layer) {
  std::vector<mx::array> outputs;
  outputs.reserve(slices.size());
  for (const Slice& slice : slices) {
    KvCache& cache = slice.cache->layers[static_cast<std::size_t>(layer)];
    const auto [keys, values] =
        cache.append(heads_first(rows(k, slice)), heads_first(rows(v, slice)));
    const mx::array queries = mx::expand_dims(heads_first(rows(q, slice)), 0);
    outputs.push_back(rows_first(mx::fast::scaled_dot_product_attention(
        queries, keys, values, scale, slice.count > 1 ? "causal" : "")));
  }
  return outputs.size() == 1 ? outputs.front() : mx::concatenate(outputs, 0);
}

mx::array full_attention(const mx::array& q, const mx::array& k, const mx::array& v, float scale) {
  const auto batched = [](const mx::array& x) { return mx::expand_dims(heads_first(x), 0); };
  return rows_first(
      mx::fast::scaled_dot_product_attention(batched(q), batched(k), batched(v), scale));
}

}  // namespace sanctum::nn
