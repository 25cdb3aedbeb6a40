// The kernel of attention.h, written once over a vector type V like those of quantized_panel.h,
// whose rules hold here too.
//
// Keys fold into a row in blocks of 64 that begin at multiples of 64, whoever computes them: a
// block's scores, their largest, exp(score - largest), one sum (16 virtual lanes, then halves), and
// the values in key order (online softmax: Milakov and Gimelshein, 2018). Blocks fold into spans of
// 512 keys, each by itself, and spans into the row, in order (Flash-Decoding: Dao et al., 2023; but
// the spans are the same however many threads share them). So a row's bits depend on nothing but
// its query and its keys.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/ahead.h"
#include "kernels/exp_kernel.h"
#include "kernels/kernel_arguments.h"
#include "kernels/lane_sums.h"
#include "kernels/typed.h"

namespace sanctum::kernels {

// A row, and what is known of it so far.
struct AttentionRow {
  const float* q;
  float* out;
  int first, visible;  // the row sees keys [first, visible)
  float largest, sum;

  bool sees_span(int span) const {
    return first < (span + 1) * kSpanKeys && visible > span * kSpanKeys;
  }
};
// Rows for which a block of keys and values is read from memory once, and then from the cache.
inline constexpr int kRowsTogether = 64;

// Behind a block's integers.
[[gnu::always_inline]] inline const void* kv_scales(const AttentionArguments& a,
                                                    const void* block) {
  return static_cast<const std::uint8_t*>(block) + kKeysPerBlock * a.head_size;
}

[[gnu::always_inline]] inline float bfloat16_at(const void* from, int index) {
  std::uint16_t half;
  __builtin_memcpy(&half, static_cast<const std::uint8_t*>(from) + 2 * index, 2);
  const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16;
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}

// kAhead: `values`, the block's, which are wanted next, are brought meanwhile.
template <class V, int kType, int R, bool kAhead>
[[gnu::always_inline]] inline void block_scores(const AttentionArguments& a,
                                                const AttentionRow* row,
                                                float (&scores)[R][kKeysPerBlock], const void* keys,
                                                const void* values) {
  using F = typename V::F;
  constexpr int kWide = V::kLanes == 16 ? 4 : 2;  // vectors of keys at a time
  constexpr int kPasses = kKeysPerBlock / (kWide * V::kLanes);
  Ahead next = ahead(values, a.block_bytes,
                     static_cast<std::size_t>(a.head_size) * static_cast<std::size_t>(kPasses));
  const float* q[R];
  for (int r = 0; r < R; ++r) q[r] = row[r].q;
  for (int first = 0; first < kKeysPerBlock; first += kWide * V::kLanes) {
    F sum[R][kWide];
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < kWide; ++w) sum[r][w] = V::zero_f();
    F unit[kWide];  // of the integers
    for (int d = 0; d < a.head_size; ++d) {
      if constexpr (kAhead) next.go_on();
      if constexpr (kType == kKvIntegers) {
        const int group = d / kKvGroup * kKeysPerBlock + first;
        for (int w = 0; w < kWide && d % kKvGroup == 0; ++w)
          unit[w] = V::template load_numbers<kBfloat16>(kv_scales(a, keys), group + w * V::kLanes);
      }
      F key[kWide];
      for (int w = 0; w < kWide; ++w) {
        const int at = d * kKeysPerBlock + first + w * V::kLanes;
        if constexpr (kType == kKvIntegers)
          key[w] = V::mul(V::load_int8(keys, at), unit[w]);
        else
          key[w] = V::template load_numbers<kType>(keys, at);
      }
      for (int r = 0; r < R; ++r) {
        const F query = V::broadcast(q[r][d]);
        for (int w = 0; w < kWide; ++w) sum[r][w] = V::fma(query, key[w], sum[r][w]);
      }
    }
    const F scale = V::broadcast(a.scale);
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < kWide; ++w)
        V::store(scores[r] + first + w * V::kLanes, V::mul(sum[r][w], scale));
  }
}

// Turns a row's scores into weights; returns by how much what it has so far shrinks.
template <class V>
[[gnu::always_inline]] inline float softmax_step(float* weights, int first, int visible,
                                                 float& largest, float& sum) {
  using F = typename V::F;
  for (int j = 0; j < first; ++j) weights[j] = -__builtin_inff();
  for (int j = visible; j < kKeysPerBlock; ++j) weights[j] = -__builtin_inff();
  F top = V::load_f(weights);
  for (int j = V::kLanes; j < kKeysPerBlock; j += V::kLanes)
    top = V::max(top, V::load_f(weights + j));
  float lanes[V::kLanes];
  V::store(lanes, top);
  float now = largest;
  for (const float lane : lanes) now = now < lane ? lane : now;
  for (int j = 0; j < kKeysPerBlock; j += V::kLanes)
    V::store(weights + j, exp_of<V>(V::sub(V::load_f(weights + j), V::broadcast(now))));
  float shrunk[V::kLanes];
  V::store(shrunk, exp_of<V>(V::broadcast(largest - now)));
  Lanes<V> all;  // each lane the sum of its four keys
  for (int p = 0; p < Lanes<V>::kParts; ++p) {
    const float* at = weights + p * V::kLanes;
    const F low = V::add(V::load_f(at), V::load_f(at + 16));
    const F high = V::add(V::load_f(at + 32), V::load_f(at + 48));
    all.part[p] = V::add(low, high);
  }
  largest = now;
  sum = __builtin_fmaf(sum, shrunk[0], sum_of_lanes<V>(all));
  return shrunk[0];
}

// Adds the block's values [from[r], seen[r]) to row r. Another row's values are left out, not
// multiplied by zero: of an infinite one that would make NaN.
template <class V, int kType, int R, bool kAhead>
[[gnu::always_inline]] inline void add_values(const AttentionArguments& a, const AttentionRow* row,
                                              const float (&weights)[R][kKeysPerBlock],
                                              const void* values, const int (&from)[R],
                                              const int (&seen)[R], const float (&shrink)[R],
                                              const void* next_keys) {
  using F = typename V::F;
  constexpr int kWide = 2;
  Ahead next = ahead(next_keys, a.block_bytes,
                     static_cast<std::size_t>(kKeysPerBlock * a.head_size / (kWide * V::kLanes)));
  float* out[R];
  for (int r = 0; r < R; ++r) out[r] = row[r].out;
  // All rows see [begin, least), some [some, begin) and [least, most).
  int some = from[0], begin = from[0], least = seen[0], most = seen[0];
  for (int r = 1; r < R; ++r) {
    some = from[r] < some ? from[r] : some;
    begin = from[r] > begin ? from[r] : begin;
    least = seen[r] < least ? seen[r] : least;
    most = seen[r] > most ? seen[r] : most;
  }
  begin = begin < most ? begin : most;
  least = least > begin ? least : begin;
  for (int d = 0; d < a.head_size; d += kWide * V::kLanes) {
    F sum[R][kWide];
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < kWide; ++w)
        sum[r][w] = V::mul(V::load_f(out[r] + d + w * V::kLanes), V::broadcast(shrink[r]));
    const auto add = [&](int j, const auto& sees) __attribute__((always_inline)) {
      F value[kWide];
      for (int w = 0; w < kWide; ++w) {
        const int at = j * a.head_size + d + w * V::kLanes;
        if constexpr (kType == kKvIntegers) {
          const F unit = V::broadcast(bfloat16_at(kv_scales(a, values), at / kKvGroup));
          value[w] = V::mul(V::load_int8(values, at), unit);
        } else {
          value[w] = V::template load_numbers<kType>(values, at);
        }
      }
      for (int r = 0; r < R; ++r) {
        if (!sees(r)) continue;
        const F weight = V::broadcast(weights[r][j]);
        for (int w = 0; w < kWide; ++w) sum[r][w] = V::fma(weight, value[w], sum[r][w]);
      }
    };
    const auto seen_by = [&](int j) {
      return [&, j](int r) { return from[r] <= j && j < seen[r]; };
    };
    for (int j = some; j < begin; ++j) add(j, seen_by(j));
    for (int j = begin; j < least; ++j) {
      if constexpr (kAhead) next.go_on();
      add(j, [](int) { return true; });
    }
    for (int j = least; j < most; ++j) add(j, seen_by(j));
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < kWide; ++w) V::store(out[r] + d + w * V::kLanes, sum[r][w]);
  }
}

// One block of keys and values for R rows. kAhead: whoever is first with it brings its values,
// whoever is last the next block's keys; both in small parts, or the memory could not take the
// orders.
template <class V, int kType, int R, bool kAhead>
void attend_block(const AttentionArguments& a, AttentionRow* row, int block, bool first,
                  const void* next_keys) {
  const int begin = block * kKeysPerBlock;
  float weights[R][kKeysPerBlock];
  block_scores<V, kType, R, kAhead>(a, row, weights, a.key_blocks[block],
                                    first ? a.value_blocks[block] : nullptr);
  float shrink[R];
  int from[R], seen[R];  // of the block's keys
  for (int r = 0; r < R; ++r) {
    const int visible = row[r].visible - begin, hidden = row[r].first - begin;
    seen[r] = visible < 0 ? 0 : visible < kKeysPerBlock ? visible : kKeysPerBlock;
    from[r] = hidden < 0 ? 0 : hidden < seen[r] ? hidden : seen[r];
    shrink[r] = from[r] == seen[r]
                    ? 1
                    : softmax_step<V>(weights[r], from[r], seen[r], row[r].largest, row[r].sum);
  }
  add_values<V, kType, R, kAhead>(a, row, weights, a.value_blocks[block], from, seen, shrink,
                                  next_keys);
}

// One span of keys for all rows, of which some see [least, most).
template <class V, int kType, bool kAhead>
void attend_span(const AttentionArguments& a, AttentionRow* rows, int count, int span, int least,
                 int most) {
  for (int r = 0; r < count; ++r) {
    rows[r].largest = -__builtin_inff();
    rows[r].sum = 0;
    for (int d = 0; d < a.head_size; ++d) rows[r].out[d] = 0;
  }
  constexpr int kBlocks = kSpanKeys / kKeysPerBlock;
  const int begin = span * kBlocks, end = begin + kBlocks, seen = least / kKeysPerBlock;
  for (int block = begin < seen ? seen : begin; block < end && block * kKeysPerBlock < most;
       ++block) {
    const bool last = (block + 1) * kKeysPerBlock >= most;
    for (int r = 0; r < count; r += 4) {
      const int left = count - r;
      const void* const next_keys = left > 4 || last ? nullptr : a.key_blocks[block + 1];
      const auto tile = [&]<int R>() {
        attend_block<V, kType, R, kAhead>(a, rows + r, block, r == 0, next_keys);
      };
      if (left >= 4) tile.template operator()<4>();
      if (left == 3) tile.template operator()<3>();
      if (left == 2) tile.template operator()<2>();
      if (left == 1) tile.template operator()<1>();
    }
  }
}

// Adds a later span's part to what a row has of those before it.
template <class V>
[[gnu::always_inline]] inline void join_span(AttentionRow& row, const AttentionRow& part,
                                             int head_size) {
  using F = typename V::F;
  const float now = row.largest < part.largest ? part.largest : row.largest;
  float before[V::kLanes], here[V::kLanes];
  V::store(before, exp_of<V>(V::broadcast(row.largest - now)));
  V::store(here, exp_of<V>(V::broadcast(part.largest - now)));
  row.largest = now;
  row.sum = __builtin_fmaf(part.sum, here[0], row.sum * before[0]);
  const F shrink = V::broadcast(before[0]), weight = V::broadcast(here[0]);
  for (int d = 0; d < head_size; d += V::kLanes) {
    const F sum = V::mul(V::load_f(row.out + d), shrink);
    V::store(row.out + d, V::fma(V::load_f(part.out + d), weight, sum));
  }
}

// Row `index` of a.rows * a.group, the heads of one token after another.
[[gnu::always_inline]] inline AttentionRow row_at(const AttentionArguments& a, int index) {
  const int token = index / a.group, head = index % a.group;
  const std::size_t at = static_cast<std::size_t>(token) * a.row_stride +
                         static_cast<std::size_t>(head) * static_cast<std::size_t>(a.head_size);
  const int visible = a.causal ? a.keys - a.rows + token + 1 : a.keys;
  const int first = a.window > 0 && visible > a.window ? visible - a.window : 0;
  return {a.q + at, a.out + at, first, visible, -__builtin_inff(), 0};
}

// Row `index`, once it has all its keys.
template <class V>
[[gnu::always_inline]] inline void divide_by_sum(const AttentionArguments& a, int index,
                                                 const AttentionRow& row) {
  float sum = row.sum, times = 1;
  if (a.sinks != nullptr) {
    const float sink = a.sinks[index % a.group];
    const float now = row.largest < sink ? sink : row.largest;
    float kept[V::kLanes], added[V::kLanes];
    V::store(kept, exp_of<V>(V::broadcast(row.largest - now)));
    V::store(added, exp_of<V>(V::broadcast(sink - now)));
    times = kept[0];
    sum = __builtin_fmaf(sum, times, added[0]);
    for (int d = 0; d < a.head_size; ++d) row.out[d] *= times;
  }
  for (int d = 0; d < a.head_size; ++d) row.out[d] /= sum;
}

// Rows [first, first + count).
template <class V, int kType, bool kAhead>
void attend_rows(const AttentionArguments& a, int first, int count) {
  AttentionRow rows[kRowsTogether];
  int least = a.keys, most = 0;
  for (int r = 0; r < count; ++r) {
    rows[r] = row_at(a, first + r);
    least = rows[r].first < least ? rows[r].first : least;
    most = most < rows[r].visible ? rows[r].visible : most;
  }
  if (a.part != nullptr) {
    for (int r = 0; r < count; ++r)
      rows[r].out = a.part + static_cast<std::size_t>(first + r) * part_row(a.head_size);
    attend_span<V, kType, kAhead>(a, rows, count, a.span, least, most);
    for (int r = 0; r < count; ++r) {
      rows[r].out[a.head_size] = rows[r].largest;
      rows[r].out[a.head_size + 1] = rows[r].sum;
    }
    return;
  }
  const int begin = least / kSpanKeys;
  attend_span<V, kType, kAhead>(a, rows, count, begin, least, most);
  if (most > (begin + 1) * kSpanKeys) {
    float sums[kRowsTogether * kHeadSizeMax];
    for (int span = begin + 1; span * kSpanKeys < most; ++span) {
      AttentionRow parts[kRowsTogether];
      for (int r = 0; r < count; ++r) {
        parts[r] = rows[r];
        parts[r].out = sums + r * a.head_size;
      }
      attend_span<V, kType, kAhead>(a, parts, count, span, least, most);
      for (int r = 0; r < count; ++r)
        if (rows[r].sees_span(span)) join_span<V>(rows[r], parts[r], a.head_size);
    }
  }
  for (int r = 0; r < count; ++r) divide_by_sum<V>(a, first + r, rows[r]);
}

template <class V>
void join_spans_with(const JoinArguments& j) {
  const AttentionArguments& a = j.attention;
  const int count = a.rows * a.group;
  for (int r = 0; r < count; ++r) {
    AttentionRow row = row_at(a, r);
    const int begin = row.first / kSpanKeys;
    for (int span = begin; span < j.spans && row.sees_span(span); ++span) {
      const std::size_t at = static_cast<std::size_t>(span) * static_cast<std::size_t>(count) +
                             static_cast<std::size_t>(r);
      const float* const from = j.parts + at * part_row(a.head_size);
      AttentionRow part = row;
      part.out = const_cast<float*>(from);  // which is only read
      part.largest = from[a.head_size];
      part.sum = from[a.head_size + 1];
      if (span > begin) {
        join_span<V>(row, part, a.head_size);
        continue;
      }
      for (int d = 0; d < a.head_size; ++d) row.out[d] = from[d];
      row.largest = part.largest;
      row.sum = part.sum;
    }
    divide_by_sum<V>(a, r, row);
  }
}

template <class V>
void attend_with(const AttentionArguments& a) {
  const auto attend = [&]<int kType>() {
    const int rows = a.rows * a.group;
    for (int row = 0; row < rows; row += kRowsTogether) {
      const int count = rows - row < kRowsTogether ? rows - row : kRowsTogether;
      // One token waits for the memory; several compute for longer than a block takes to come.
      if (a.rows == 1)
        attend_rows<V, kType, true>(a, row, count);
      else
        attend_rows<V, kType, false>(a, row, count);
    }
  };
  if (a.kv_type == kKvIntegers) return attend.template operator()<kKvIntegers>();
  with_type(a.kv_type, attend);
}

}  // namespace sanctum::kernels
