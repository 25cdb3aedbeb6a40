#include "nn/stock/stock_attention.h"

#include <mlx/fast.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <algorithm>

#include "nn/stock/contiguous_cache.h"

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
    ContiguousCache::Layer& cache = static_cast<ContiguousCache*>(slice.cache)->layer(layer);
    const auto [keys, values] =
        cache.append(heads_first(rows(k, slice)), heads_first(rows(v, slice)));
    const mx::array queries = mx::expand_dims(heads_first(rows(q, slice)), 0);
    outputs.push_back(rows_first(mx::fast::scaled_dot_product_attention(
        queries, keys, values, scale, slice.count > 1 ? "causal" : "")));
  }
  return outputs.size() == 1 ? outputs.front() : mx::concatenate(outputs, 0);
}

mx::array full_attention(const mx::array& q, const mx::array& k, const mx::array& v, float scale,
                         std::uint64_t scores_bytes_max) {
  const auto batched = [](const mx::array& x) { return mx::expand_dims(heads_first(x), 0); };
  const int n = q.shape(0);
  const std::uint64_t row_bytes = sizeof(float) * static_cast<std::uint64_t>(q.shape(1)) *
                                  static_cast<std::uint64_t>(k.shape(0));
  if (row_bytes * static_cast<std::uint64_t>(n) <= scores_bytes_max) {
    return rows_first(
        mx::fast::scaled_dot_product_attention(batched(q), batched(k), batched(v), scale));
  }
  const mx::array keys = batched(k), values = batched(v);
  const int count = static_cast<int>(std::clamp<std::uint64_t>(scores_bytes_max / row_bytes, 1, n));
  std::vector<mx::array> outputs;
  for (int first = 0; first < n; first += count) {
    const mx::array queries = batched(rows(q, {first, std::min(count, n - first), nullptr}));
    outputs.push_back(
        rows_first(mx::fast::scaled_dot_product_attention(queries, keys, values, scale)));
    mx::eval(outputs.back());  // or the scores of all chunks would be there at once
  }
  return mx::concatenate(outputs, 0);
}

}  // namespace sanctum::nn
