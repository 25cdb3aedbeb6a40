// The kernel of attention.h, written once over a vector type V like those of quantized_panel.h,
// whose rules hold here too.
//
// Keys fold into a row in blocks of 64 that begin at multiples of 64, whoever computes them: a
// block's scores, their largest, exp(score - largest), one sum (16 virtual lanes, then halves), and
// the values in key order (online softmax: Milakov and Gimelshein, 2018). So a row's bits depend on
// nothing but its query and its keys.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/ahead.h"
#include "kernels/exp_kernel.h"
#include "kernels/kernel_arguments.h"
#include "kernels/lane_sums.h"
#include "kernels/typed.h"

namespace sanctum::kernels {

// The rows of a tile and what is known of them so far.
template <class V, int R>
struct AttentionTile {
  const float* q[R];
  float* out[R];
  int visible[R];  // keys that the row sees
  float largest[R];
  float sum[R];
  float weights[R][kKeysPerBlock];
};

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

// Of a block's keys, or of its values.
template <int kType>
[[gnu::always_inline]] inline std::size_t kv_block_bytes(const AttentionArguments& a) {
  const auto numbers = static_cast<std::size_t>(kKeysPerBlock * a.head_size);
  if constexpr (kType == kKvIntegers) return numbers + 2 * numbers / kKvGroup;
  return numbers * (kType == kFloat32 ? 4 : 2);
}

// `values`: the block's, which are wanted next.
template <class V, int kType, int R>
[[gnu::always_inline]] inline void block_scores(const AttentionArguments& a,
                                                AttentionTile<V, R>& tile, const void* keys,
                                                Ahead values) {
  using F = typename V::F;
  constexpr int kWide = V::kLanes == 16 ? 4 : 2;  // vectors of keys at a time
  for (int first = 0; first < kKeysPerBlock; first += kWide * V::kLanes) {
    F sum[R][kWide];
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < kWide; ++w) sum[r][w] = V::zero_f();
    F unit[kWide];  // of the integers
    for (int d = 0; d < a.head_size; ++d) {
      values.go_on();
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
        const F query = V::broadcast(tile.q[r][d]);
        for (int w = 0; w < kWide; ++w) sum[r][w] = V::fma(query, key[w], sum[r][w]);
      }
    }
    const F scale = V::broadcast(a.scale);
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < kWide; ++w)
        V::store(tile.weights[r] + first + w * V::kLanes, V::mul(sum[r][w], scale));
  }
}

// Turns a row's scores into weights; returns by how much what it has so far shrinks.
template <class V>
[[gnu::always_inline]] inline float softmax_step(float* weights, int visible, float& largest,
                                                 float& sum) {
  using F = typename V::F;
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

// Adds the block's first seen[r] values to row r. Another row's values are left out, not multiplied
// by zero: of an infinite one that would make NaN.
template <class V, int kType, int R>
[[gnu::always_inline]] inline void add_values(const AttentionArguments& a,
                                              AttentionTile<V, R>& tile, const void* values,
                                              const int (&seen)[R], const float (&shrink)[R],
                                              Ahead next_keys) {
  using F = typename V::F;
  constexpr int kWide = 2;
  int least = seen[0], most = seen[0];
  for (int r = 1; r < R; ++r) {
    least = seen[r] < least ? seen[r] : least;
    most = seen[r] > most ? seen[r] : most;
  }
  for (int d = 0; d < a.head_size; d += kWide * V::kLanes) {
    F sum[R][kWide];
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < kWide; ++w)
        sum[r][w] = V::mul(V::load_f(tile.out[r] + d + w * V::kLanes), V::broadcast(shrink[r]));
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
        const F weight = V::broadcast(tile.weights[r][j]);
        for (int w = 0; w < kWide; ++w) sum[r][w] = V::fma(weight, value[w], sum[r][w]);
      }
    };
    for (int j = 0; j < least; ++j) {
      next_keys.go_on();
      add(j, [](int) { return true; });
    }
    for (int j = least; j < most; ++j) add(j, [&](int r) { return j < seen[r]; });
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < kWide; ++w) V::store(tile.out[r] + d + w * V::kLanes, sum[r][w]);
  }
}

// Rows [first, first + R) of a.rows * a.group, the heads of one token after another.
template <class V, int kType, int R>
void attend_tile(const AttentionArguments& a, int first) {
  AttentionTile<V, R> tile;
  int most = 0;
  for (int r = 0; r < R; ++r) {
    const int token = (first + r) / a.group, head = (first + r) % a.group;
    const std::size_t at = static_cast<std::size_t>(token) * a.row_stride +
                           static_cast<std::size_t>(head) * static_cast<std::size_t>(a.head_size);
    tile.q[r] = a.q + at;
    tile.out[r] = a.out + at;
    tile.visible[r] = a.causal ? a.keys - a.rows + token + 1 : a.keys;
    tile.largest[r] = -__builtin_inff();
    tile.sum[r] = 0;
    most = most < tile.visible[r] ? tile.visible[r] : most;
    for (int d = 0; d < a.head_size; ++d) tile.out[r][d] = 0;
  }
  const std::size_t bytes = kv_block_bytes<kType>(a);
  for (int block = 0; block * kKeysPerBlock < most; ++block) {
    const int begin = block * kKeysPerBlock;
    const bool last = begin + kKeysPerBlock >= most;
    block_scores<V, kType, R>(
        a, tile, a.key_blocks[block],
        ahead(a.value_blocks[block], bytes, static_cast<std::size_t>(a.head_size)));
    float shrink[R];
    int seen[R];  // of the block's keys
    for (int r = 0; r < R; ++r) {
      const int visible = tile.visible[r] - begin;
      seen[r] = visible < 0 ? 0 : visible < kKeysPerBlock ? visible : kKeysPerBlock;
      shrink[r] = seen[r] == 0
                      ? 1
                      : softmax_step<V>(tile.weights[r], seen[r], tile.largest[r], tile.sum[r]);
    }
    add_values<V, kType, R>(a, tile, a.value_blocks[block], seen, shrink,
                            ahead(last ? nullptr : a.key_blocks[block + 1], bytes, kKeysPerBlock));
  }
  for (int r = 0; r < R; ++r)
    for (int d = 0; d < a.head_size; ++d) tile.out[r][d] /= tile.sum[r];
}

template <class V>
void attend_with(const AttentionArguments& a) {
  const auto attend = [&]<int kType>() {
    int row = 0;
    for (; row + 4 <= a.rows * a.group; row += 4) attend_tile<V, kType, 4>(a, row);
    for (; row < a.rows * a.group; ++row) attend_tile<V, kType, 1>(a, row);
  };
  if (a.kv_type == kKvIntegers) return attend.template operator()<kKvIntegers>();
  with_type(a.kv_type, attend);
}

}  // namespace sanctum::kernels
