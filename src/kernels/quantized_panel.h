// The kernels of quantized_matmul.h and quantized_rows.h, written once over a vector type V of 8 or
// 16 lanes, one output a lane. Each instruction set includes this from a file of its own, compiled
// for it.
//
// V: I and F, its integer and float vectors; kLanes; kRowsMax, how many rows fit its registers;
// dot_nibbles, whose sums of one block nibble_sums() makes 32-bit ones.
// Everything here is a template over V and calls no inline function of anyone else: the linker
// keeps one copy of such a function, and it might be the one with instructions that this machine
// lacks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernel_arguments.h"
#include "kernels/typed.h"

namespace sanctum::kernels {

// The sums of one block of kBlock columns: R rows, the outputs of one vector. `chunk` is the
// vector's part of the block's first chunk, `first` the block's first column.
template <class V, int kBits, int kRowBits, int kBlock, int R>
[[gnu::always_inline]] inline void dot_block(const std::uint8_t* chunk, const void* const (&x)[R],
                                             std::size_t first,
                                             typename V::I (&even)[R], typename V::I (&odd)[R]) {
  using I = typename V::I;
  for (int r = 0; r < R; ++r) even[r] = odd[r] = V::zero_i();
  constexpr int kPerChunk = 32 / kBits;
// Unrolled, one row's sums come after another's and the weights wait in memory: a fifth slower.
#pragma GCC unroll 1
  for (int c = 0; c < kBlock; c += kPerChunk, chunk += kChunkBytes) {
    const I bytes = V::load_i(chunk);
    const auto row8 = [&](int r) { return static_cast<const std::int8_t*>(x[r]) + first + c; };
    const auto row16 = [&](int r) { return static_cast<const std::int16_t*>(x[r]) + first + c; };
    if constexpr (kBits == 4 && kRowBits == 8) {
      const I low = V::low_nibbles(bytes), high = V::high_nibbles(bytes);
      for (int r = 0; r < R; ++r) {
        even[r] = V::dot_nibbles(even[r], low, row8(r));
        odd[r] = V::dot_nibbles(odd[r], high, row8(r) + 4);
      }
    } else if constexpr (kBits == 4) {
      const I low = V::low_nibbles(bytes), high = V::high_nibbles(bytes);
      const I w0 = V::even_bytes(low), w1 = V::odd_bytes(low);
      const I w2 = V::even_bytes(high), w3 = V::odd_bytes(high);
      for (int r = 0; r < R; ++r) {
        even[r] = V::dot_words(even[r], w0, row16(r));
        odd[r] = V::dot_words(odd[r], w1, row16(r) + 2);
        even[r] = V::dot_words(even[r], w2, row16(r) + 4);
        odd[r] = V::dot_words(odd[r], w3, row16(r) + 6);
      }
    } else {
      static_assert(kRowBits == 16);
      const I w0 = V::even_bytes(bytes), w1 = V::odd_bytes(bytes);
      for (int r = 0; r < R; ++r) {
        even[r] = V::dot_words(even[r], w0, row16(r));
        odd[r] = V::dot_words(odd[r], w1, row16(r) + 2);
      }
    }
  }
  if constexpr (kBits == 4 && kRowBits == 8) {
    for (int r = 0; r < R; ++r) {
      even[r] = V::nibble_sums(even[r]);
      odd[r] = V::nibble_sums(odd[r]);
    }
  }
}

// Rows [row, row + R) times the outputs of vector `part` of one panel.
template <class V, int kBits, int kRowBits, int kType, int kBlock, int R>
void multiply_rows(const MultiplyArguments& a, const std::uint8_t* panel, int part, int row,
                   float* out, int lanes) {
  using I = typename V::I;
  using F = typename V::F;
  constexpr std::size_t kScaleBytes = kType == kFloat32 ? 4 : 2;
  F sum[R];
  const void* values[R];
  const float* scales[R];
  const float* weighted[R];
  for (int r = 0; r < R; ++r) {
    const auto at = static_cast<std::size_t>(row) + static_cast<std::size_t>(r);
    sum[r] = V::zero_f();
    values[r] = static_cast<const std::uint8_t*>(a.values) + at * a.columns * (kRowBits / 8);
    scales[r] = a.scales + at * a.blocks;
    weighted[r] = a.weighted + at * a.blocks;
  }
  const int blocks_per_group = a.group / kBlock;
  constexpr std::size_t kBlockBytes = kChunkBytes * kBlock * kBits / 32;
  const std::uint8_t* at = panel;
  for (int b = 0; b < a.blocks; at += a.group_bytes) {
    const std::uint8_t* scale_at =
        at + blocks_per_group * kBlockBytes + part * V::kLanes * kScaleBytes;
    const F scale = V::template load_numbers<kType>(scale_at, 0);
    const F bias = V::template load_numbers<kType>(scale_at, kPanelRows);
    for (int i = 0; i < blocks_per_group; ++i, ++b) {
      I even[R], odd[R];
      dot_block<V, kBits, kRowBits, kBlock, R>(at + i * kBlockBytes + part * V::kLanes * 4, values,
                                               static_cast<std::size_t>(b) * kBlock, even, odd);
      for (int r = 0; r < R; ++r) {
        const F dot = V::mul(V::to_float(V::add_i(even[r], odd[r])), scale);
        sum[r] = V::fma(dot, V::broadcast(scales[r][b]), sum[r]);
        sum[r] = V::fma(bias, V::broadcast(weighted[r][b]), sum[r]);
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    float* to = out + static_cast<std::size_t>(row + r) * a.stride;
    if (lanes == V::kLanes) {
      V::store(to, sum[r]);
    } else {
      float all[V::kLanes];
      V::store(all, sum[r]);
      for (int lane = 0; lane < lanes; ++lane) to[lane] = all[lane];
    }
  }
}

template <class V, int kBits, int kRowBits, int kType, int kBlock>
void multiply_part(const MultiplyArguments& a) {
  for (int p = a.panel_first; p < a.panel_last; ++p) {
    const std::uint8_t* panel = a.panels + a.panel_bytes * static_cast<std::size_t>(p);
    for (int v = 0; v < kPanelRows / V::kLanes; ++v) {
      const int first = p * kPanelRows + v * V::kLanes, left = a.outputs - first;
      const int lanes = left < V::kLanes ? left : V::kLanes;
      if (lanes <= 0) continue;
      int row = a.row_first;
      const auto tiles = [&]<int R>() {
        for (; row + R <= a.row_last; row += R)
          multiply_rows<V, kBits, kRowBits, kType, kBlock, R>(a, panel, v, row, a.out + first, lanes);
      };
      if constexpr (V::kRowsMax >= 8) tiles.template operator()<8>();
      tiles.template operator()<4>();
      tiles.template operator()<2>();
      tiles.template operator()<1>();
    }
  }
}

template <class V>
void multiply_with(const MultiplyArguments& a) {
  const auto scaled = [&]<int kBits, int kRowBits>() {
    with_type(a.scale_type, [&]<int kType>() {
      if (a.block == 64) return multiply_part<V, kBits, kRowBits, kType, 64>(a);
      multiply_part<V, kBits, kRowBits, kType, 32>(a);
    });
  };
  if (a.bits == 8) return scaled.template operator()<8, 16>();
  if (a.row_bits == 16) return scaled.template operator()<4, 16>();
  scaled.template operator()<4, 8>();
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
      else
        quantize_block<V, Value, 32>(a.x + at, q, scale, weighted);
    }
  }
}

template <class V>
void quantize_with(const QuantizeArguments& a) {
  if (a.row_bits == 8) return quantize_rows_of<V, std::int8_t>(a);
  quantize_rows_of<V, std::int16_t>(a);
}

}  // namespace sanctum::kernels
