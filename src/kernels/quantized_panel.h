// The kernels of quantized_matmul.h and quantized_rows.h, written once over a vector type V of 8 or
// 16 lanes, one output a lane. Each instruction set includes this from a file of its own, compiled
// for it.
//
// V: I and F, its integer and float vectors; kLanes; kRowsMax, how many rows fit its registers;
// dot_nibbles, whose sums of one block nibble_sums() makes 32-bit ones; dot_bytes, whose sums are;
// e2m1_bytes, which makes codes of E2M1 unsigned bytes: the value in halves, plus kE2m1Above.
// Everything here is a template over V and calls no inline function of anyone else: the linker
// keeps one copy of such a function, and it might be the one with instructions that this machine
// lacks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/ahead.h"
#include "kernels/kernel_arguments.h"
#include "kernels/typed.h"

namespace sanctum::kernels {

inline constexpr float kE2m1Above = 12;  // so that the least, -12 halves, is 0
// kE2m1Above added to kE2m1Halves of small_float.h.
inline constexpr std::uint8_t kE2m1Bytes[16] = {12, 13, 14, 15, 16, 18, 20, 24,
                                                12, 11, 10, 9,  8,  6,  4,  0};

// The sums of one block of kBlock columns: R rows, the outputs of P vectors side by side. `chunk`
// is the vectors' part of the block's first chunk, `first` the block's first column.
template <class V, WeightCode kCode, int kRowBits, int kBlock, int R, int P>
[[gnu::always_inline]] inline void dot_block(const std::uint8_t* chunk, const void* const (&x)[R],
                                             std::size_t first, typename V::I (&even)[R][P],
                                             typename V::I (&odd)[R][P]) {
  using I = typename V::I;
  for (int r = 0; r < R; ++r)
    for (int p = 0; p < P; ++p) even[r][p] = odd[r][p] = V::zero_i();
  constexpr int kPerChunk = 32 / bits_of(kCode);
  const auto nibbles = [](const I& four) __attribute__((always_inline)) {
    if constexpr (kCode == kE2m1)
      return V::e2m1_bytes(four);
    else
      return four;
  };
// Unrolled, one row's sums come after another's and the weights wait in memory: a fifth slower.
#pragma GCC unroll 1
  for (int c = 0; c < kBlock; c += kPerChunk, chunk += kChunkBytes) {
    I bytes[P];
    for (int p = 0; p < P; ++p) bytes[p] = V::load_i(chunk + p * V::kLanes * 4);
    const auto row8 = [&](int r) { return static_cast<const std::int8_t*>(x[r]) + first + c; };
    const auto row16 = [&](int r) { return static_cast<const std::int16_t*>(x[r]) + first + c; };
    const auto each = [&](const auto& work) {
      for (int r = 0; r < R; ++r)
        for (int p = 0; p < P; ++p) work(r, p);
    };
    if constexpr (bits_of(kCode) == 4 && kRowBits == 8) {
      I low[P], high[P];
      for (int p = 0; p < P; ++p) {
        low[p] = nibbles(V::low_nibbles(bytes[p]));
        high[p] = nibbles(V::high_nibbles(bytes[p]));
      }
      each([&](int r, int p) {
        even[r][p] = V::dot_nibbles(even[r][p], low[p], row8(r));
        odd[r][p] = V::dot_nibbles(odd[r][p], high[p], row8(r) + 4);
      });
    } else if constexpr (bits_of(kCode) == 4) {
      I w[P][4];
      for (int p = 0; p < P; ++p) {
        const I low = nibbles(V::low_nibbles(bytes[p]));
        const I high = nibbles(V::high_nibbles(bytes[p]));
        w[p][0] = V::even_bytes(low), w[p][1] = V::odd_bytes(low);
        w[p][2] = V::even_bytes(high), w[p][3] = V::odd_bytes(high);
      }
      each([&](int r, int p) {
        even[r][p] = V::dot_words(even[r][p], w[p][0], row16(r));
        odd[r][p] = V::dot_words(odd[r][p], w[p][1], row16(r) + 2);
        even[r][p] = V::dot_words(even[r][p], w[p][2], row16(r) + 4);
        odd[r][p] = V::dot_words(odd[r][p], w[p][3], row16(r) + 6);
      });
    } else if constexpr (kRowBits == 8) {
      each([&](int r, int p) { even[r][p] = V::dot_bytes(even[r][p], bytes[p], row8(r)); });
    } else {
      I w0[P], w1[P];
      for (int p = 0; p < P; ++p) w0[p] = V::even_bytes(bytes[p]), w1[p] = V::odd_bytes(bytes[p]);
      each([&](int r, int p) {
        even[r][p] = V::dot_words(even[r][p], w0[p], row16(r));
        odd[r][p] = V::dot_words(odd[r][p], w1[p], row16(r) + 2);
      });
    }
  }
  if constexpr (bits_of(kCode) == 4 && kRowBits == 8) {
    for (int r = 0; r < R; ++r) {
      for (int p = 0; p < P; ++p) {
        even[r][p] = V::nibble_sums(even[r][p]);
        odd[r][p] = V::nibble_sums(odd[r][p]);
      }
    }
  }
}

// Rows [row, row + R) times the outputs of P vectors of one panel, from vector `part` on; there are
// `outputs` of them. out is the first row's first of these.
template <class V, WeightCode kCode, int kRowBits, int kType, int kBlock, int R, int P>
void multiply_rows(const MultiplyArguments& a, const std::uint8_t* panel, int part, int row,
                   float* out, int outputs, Ahead next) {
  using I = typename V::I;
  using F = typename V::F;
  constexpr std::size_t kScaleBytes = kType == kFloat32 ? 4 : 2;
  F sum[R][P];
  const void* values[R];
  const float* scales[R];
  const float* weighted[R];
  for (int r = 0; r < R; ++r) {
    const auto at = static_cast<std::size_t>(row) + static_cast<std::size_t>(r);
    for (int p = 0; p < P; ++p) sum[r][p] = V::zero_f();
    values[r] = static_cast<const std::uint8_t*>(a.values) + at * a.columns * (kRowBits / 8);
    scales[r] = a.scales + at * a.blocks;
    weighted[r] = a.weighted + at * a.blocks;
  }
  const int blocks_per_group = a.group / kBlock;
  constexpr std::size_t kBlockBytes = kChunkBytes * kBlock * bits_of(kCode) / 32;
  const std::uint8_t* at = panel;
  for (int b = 0; b < a.blocks; at += a.group_bytes) {
    next.go_on();
    const std::uint8_t* scale_at =
        at + blocks_per_group * kBlockBytes + part * V::kLanes * kScaleBytes;
    F scale[P], bias[P];
    for (int p = 0; p < P; ++p) {
      scale[p] = V::template load_numbers<kType>(scale_at, p * V::kLanes);
      if constexpr (kCode == kE2m1)
        bias[p] = V::mul(scale[p], V::broadcast(-kE2m1Above));
      else
        bias[p] = V::template load_numbers<kType>(scale_at, kPanelRows + p * V::kLanes);
    }
    for (int i = 0; i < blocks_per_group; ++i, ++b) {
      I even[R][P], odd[R][P];
      dot_block<V, kCode, kRowBits, kBlock, R, P>(at + i * kBlockBytes + part * V::kLanes * 4,
                                                  values, static_cast<std::size_t>(b) * kBlock,
                                                  even, odd);
      for (int r = 0; r < R; ++r) {
        const F row_scale = V::broadcast(scales[r][b]), row_sum = V::broadcast(weighted[r][b]);
        for (int p = 0; p < P; ++p) {
          const F dot = V::mul(V::to_float(V::add_i(even[r][p], odd[r][p])), scale[p]);
          sum[r][p] = V::fma(bias[p], row_sum, V::fma(dot, row_scale, sum[r][p]));
        }
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    float* to = out + static_cast<std::size_t>(row + r) * a.stride;
    if (outputs == P * V::kLanes) {
      for (int p = 0; p < P; ++p) V::store(to + p * V::kLanes, sum[r][p]);
    } else {
      float all[P * V::kLanes];
      for (int p = 0; p < P; ++p) V::store(all + p * V::kLanes, sum[r][p]);
      for (int i = 0; i < outputs; ++i) to[i] = all[i];
    }
  }
}

// What a tile brings into the caches while it works, one of `tiles` that a panel meets. One or two
// rows wait for the memory: their panel is asked for a few groups before it is reached, which the
// processor does too late by itself. More compute for longer than a panel takes to come: each tile
// brings its share of the next one. Nothing from `end` on. (Without this half of a step of eight
// rows was one load.)
template <int R>
[[gnu::always_inline]] inline Ahead ahead_of(const MultiplyArguments& a, const std::uint8_t* panel,
                                             int tile, int tiles, const std::uint8_t* end) {
  constexpr std::size_t kGroupsAhead = 4;  // 2 to 8 measured the same, 16 less
  const std::size_t groups = a.panel_bytes / a.group_bytes;
  const std::size_t share = R < 4 ? a.panel_bytes : a.panel_bytes / tiles;
  const std::size_t from = R < 4 ? kGroupsAhead * a.group_bytes : a.panel_bytes + tile * share;
  const auto left = static_cast<std::size_t>(end - panel);
  if (from >= left) return ahead(nullptr, 0, 1);
  return ahead(panel + from, share < left - from ? share : left - from, groups);
}

// The rows from `row` on that tiles of R fill, times the outputs of P vectors; returns the first
// row that is left.
template <class V, WeightCode kCode, int kRowBits, int kType, int kBlock, int R, int P>
int multiply_tiles(const MultiplyArguments& a, const std::uint8_t* panel, int first, int row,
                   const std::uint8_t* end) {
  const int tiles = (a.row_last - row) / R * (kPanelRows / V::kLanes / P);
  for (int tile = 0; row + R <= a.row_last; row += R) {
    for (int v = 0; v < kPanelRows / V::kLanes; v += P, ++tile) {
      const int at = first + v * V::kLanes, left = a.outputs - at;
      const int outputs = left < P * V::kLanes ? left : P * V::kLanes;
      if (outputs <= 0) continue;
      multiply_rows<V, kCode, kRowBits, kType, kBlock, R, P>(
          a, panel, v, row, a.out + at, outputs, ahead_of<R>(a, panel, tile, tiles, end));
    }
  }
  return row;
}

template <class V, WeightCode kCode, int kRowBits, int kType, int kBlock>
void multiply_part(const MultiplyArguments& a) {
  // One or two rows take a panel's lines whole.
  constexpr int kAll = kPanelRows / V::kLanes;
  const std::uint8_t* const end = a.panels + a.panel_bytes * static_cast<std::size_t>(a.panel_last);
  for (int p = a.panel_first; p < a.panel_last; ++p) {
    const std::uint8_t* panel = a.panels + a.panel_bytes * static_cast<std::size_t>(p);
    const int first = p * kPanelRows;
    int row = a.row_first;
    // The first tiles bring the next panel; those that are left over find it there.
    const std::uint8_t* until = end;
    const auto tiles = [&]<int R, int P>() {
      const int before = row;
      row = multiply_tiles<V, kCode, kRowBits, kType, kBlock, R, P>(a, panel, first, row, until);
      if (R >= 4 && row != before) until = panel;
    };
    if constexpr (V::kRowsMax >= 8) tiles.template operator()<8, 1>();
    tiles.template operator()<4, 1>();
    tiles.template operator()<2, kAll>();
    tiles.template operator()<1, kAll>();
  }
}

// Calls call.operator()<code, bits of the rows, type of the scales, columns of a block>().
template <class Call>
[[gnu::always_inline]] inline void with_affine(const MultiplyArguments& a, const Call& call) {
  const auto scaled = [&]<WeightCode kCode, int kRowBits>() {
    with_type(a.scale_type, [&]<int kType>() {
      if (a.block == 64) return call.template operator()<kCode, kRowBits, kType, 64>();
      call.template operator()<kCode, kRowBits, kType, 32>();
    });
  };
  if (a.code == kEightBits && a.row_bits == 8) return scaled.template operator()<kEightBits, 8>();
  if (a.code == kEightBits) return scaled.template operator()<kEightBits, 16>();
  if (a.row_bits == 16) return scaled.template operator()<kFourBits, 16>();
  scaled.template operator()<kFourBits, 8>();
}
template <class Call>
[[gnu::always_inline]] inline void with_e2m1(const MultiplyArguments& a, const Call& call) {
  const auto scaled = [&]<int kRowBits>() {
    if (a.block == 32) return call.template operator()<kE2m1, kRowBits, kBfloat16, 32>();
    if (a.scale_type == kBfloat16)
      return call.template operator()<kE2m1, kRowBits, kBfloat16, 16>();
    call.template operator()<kE2m1, kRowBits, kFloat32, 16>();
  };
  if (a.row_bits == 16) return scaled.template operator()<16>();
  scaled.template operator()<8>();
}

// By itself, so that the others' code is what it is without it.
template <class V>
[[gnu::noinline]] void multiply_e2m1_with(const MultiplyArguments& a) {
  with_e2m1(a, [&]<WeightCode kCode, int kRowBits, int kType, int kBlock>() {
    multiply_part<V, kCode, kRowBits, kType, kBlock>(a);
  });
}

template <class V>
void multiply_with(const MultiplyArguments& a) {
  if (a.code == kE2m1) return multiply_e2m1_with<V>(a);
  with_affine(a, [&]<WeightCode kCode, int kRowBits, int kType, int kBlock>() {
    multiply_part<V, kCode, kRowBits, kType, kBlock>(a);
  });
}

// One block of a row: see quantized_rows.h. Plain loops, of which the compiler makes vectors.
template <class V, class Value, int kBlock>
void quantize_block(const float* x, Value* q, float* scale, float* weighted) {
  constexpr float kLargest = sizeof(Value) == 1 ? 127.0f : 32767.0f;
  constexpr float kNothing = 1e-30f;  // far above what would make a scale or its inverse denormal
  std::uint32_t top_bits = 0;         // as integers NaN and infinity are the largest
  for (int i = 0; i < kBlock; ++i) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, x + i, 4);
    bits &= 0x7fffffffu;
    top_bits = bits > top_bits ? bits : top_bits;
  }
  float top;
  __builtin_memcpy(&top, &top_bits, 4);
  const bool finite = top_bits < 0x7f800000u;
  const float inverse = top > kNothing ? kLargest / top : 0.0f;  // of infinity and NaN: 0
  std::int32_t values[kBlock];
  std::int32_t sum = 0;
  for (int i = 0; i < kBlock; ++i) {
    const float scaled = inverse > 0 ? x[i] * inverse : 0.0f;
    values[i] = static_cast<std::int32_t>(__builtin_rintf(scaled));
    sum += values[i];
  }
  for (int i = 0; i < kBlock; i += 4) {
    // The order {0, 2, 1, 3}: see packed_matrix.h.
    const bool swap = sizeof(Value) == 1;
    q[i] = static_cast<Value>(values[i]);
    q[i + 1] = static_cast<Value>(values[i + (swap ? 2 : 1)]);
    q[i + 2] = static_cast<Value>(values[i + (swap ? 1 : 2)]);
    q[i + 3] = static_cast<Value>(values[i + 3]);
  }
  *scale = !finite ? __builtin_nanf("") : inverse > 0 ? top / kLargest : 0.0f;
  *weighted = *scale * static_cast<float>(sum);
}

template <class V, class Value>
void quantize_rows_of(const QuantizeArguments& a) {
  for (int row = a.row_first; row < a.row_last; ++row) {
    const std::size_t first = static_cast<std::size_t>(row) * a.columns;
    const std::size_t first_block = static_cast<std::size_t>(row) * (a.columns / a.block);
    for (int b = 0; b < a.columns / a.block; ++b) {
      const std::size_t at = first + static_cast<std::size_t>(b) * a.block;
      Value* q = static_cast<Value*>(a.values) + at;
      float* scale = a.scales + first_block + b;
      float* weighted = a.weighted + first_block + b;
      if (a.block == 64)
        quantize_block<V, Value, 64>(a.x + at, q, scale, weighted);
      else if (a.block == 32)
        quantize_block<V, Value, 32>(a.x + at, q, scale, weighted);
      else
        quantize_block<V, Value, 16>(a.x + at, q, scale, weighted);
    }
  }
}

template <class V>
void quantize_with(const QuantizeArguments& a) {
  if (a.row_bits == 8) return quantize_rows_of<V, std::int8_t>(a);
  quantize_rows_of<V, std::int16_t>(a);
}

}  // namespace sanctum::kernels
