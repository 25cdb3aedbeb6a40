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

mx::array rows_of(const mx::array& x, const Slice& slice) {
  if (slice.count == x.shape(0)) return x;
  return mx::slice(x, {slice.first, 0, 0}, {slice.first + slice.count, x.shape(1), x.shape(2)});
}

// [1, heads, n, size] from token `first` on.
mx::array from_token(const mx::array& x, int first) {
  if (first == 0) return x;
  return mx::slice(x, {0, 0, first, 0}, x.shape());
}

// What the last `count` of `seen` tokens see: themselves and those before, `window` in all.
mx::array window_mask(int count, int seen, int window) {
  const mx::array row = mx::expand_dims(mx::arange(seen - count, seen, mx::int32), 1);
  const mx::array key = mx::expand_dims(mx::arange(0, seen, mx::int32), 0);
  return mx::logical_and(mx::less_equal(key, row),
                         mx::greater(key, mx::subtract(row, mx::array(window))));
}

}  // namespace

mx::array causal_attention(const mx::array& q, const std::optional<KeyValueRows>& rows,
                           const AttentionForm& form, const std::vector<Slice>& slices, int layer) {
  std::vector<mx::array> outputs;
  outputs.reserve(slices.size());
  const auto sinks = form.sinks ? std::optional(mx::astype(*form.sinks, q.dtype())) : std::nullopt;
  for (const Slice& slice : slices) {
    ContiguousCache::Layer& cache = static_cast<ContiguousCache*>(slice.cache)->layer(layer);
    const auto [keys, values] = rows ? cache.append(heads_first(rows_of(rows->k, slice)),
                                                    heads_first(rows_of(rows->v, slice)))
                                     : cache.last();
    const mx::array queries = mx::expand_dims(heads_first(rows_of(q, slice)), 0);
    const int seen = keys.shape(2);
    const bool cut = form.window > 0 && seen > form.window;  // some row does not see them all
    if (cut && slice.count > 1) {
      outputs.push_back(rows_first(mx::fast::scaled_dot_product_attention(
          queries, keys, values, form.scale, "array", window_mask(slice.count, seen, form.window),
          sinks)));
      continue;
    }
    const int first = cut ? seen - form.window : 0;
    outputs.push_back(rows_first(mx::fast::scaled_dot_product_attention(
        queries, from_token(keys, first), from_token(values, first), form.scale,
        slice.count > 1 ? "causal" : "", std::nullopt, sinks)));
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
    const mx::array queries = batched(rows_of(q, {first, std::min(count, n - first), nullptr}));
    outputs.push_back(
        rows_first(mx::fast::scaled_dot_product_attention(queries, keys, values, scale)));
    mx::eval(outputs.back());  // or the scores of all chunks would be there at once
  }
  return mx::concatenate(outputs, 0);
}

}  // namespace sanctum::nn
