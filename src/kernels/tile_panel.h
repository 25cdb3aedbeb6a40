// The products of quantized_panel.h for many rows, with tiles: registers of 16 rows of 64 bytes,
// one instruction of which multiplies the bytes of 16 rows of activations with those of a panel's
// 16 outputs. The bits are the same: integer sums are exact, floats are added in the same order.
//
// A panel's columns go by in strips, whose weights are unpacked once into tiles that stay in the
// cache while the rows go by, 16 at a time. Weights beside 8-bit rows are a byte a column, in
// kColumnOrder. 16-bit rows are read as the bytes they are, low and high: a weight stands at the
// low byte's place in one tile and at the high byte's in another, beside a zero, and
//   dot = (low bytes, unsigned) * w + 256 * ((high bytes, signed) * w)
// which at 64 columns is below 64 * 32768 * 255 < 2^31.
//
// V: quantized_panel.h's of 16 lanes, with times_256 and store_i. T, made of TileShapes and
// released at the end: clear, load, store, and multiply_signed and multiply_unsigned of <sums,
// rows, weights>, whose weights are unsigned. quantized_panel.h's rule holds here too.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/quantized_panel.h"

namespace sanctum::kernels {

inline constexpr int kTiles = 8, kTileRows = 16, kTileRowBytes = 64;
inline constexpr int kTileBytes = kTileRows * kTileRowBytes;
// The tiles' parts: sums of several blocks at once, and two each of rows and weights in turn.
inline constexpr int kSumTiles = 4, kRowTile = 4, kWeightTile = 6;
// 16 KiB of weights: with the rows and sums beside them they fit a core's first cache.
inline constexpr int kStripTiles = 16;
inline constexpr int kSpanRows = 128;  // rows for which a strip is unpacked
// Fewer rows than these that are left over cost less without tiles (counted, not measured).
inline constexpr int kTileRowsMin = 4;

// As the processor reads it.
struct TileShapes {
  std::uint8_t palette, start_row, reserved[14];
  std::uint16_t row_bytes[16];
  std::uint8_t rows[16];
};
static_assert(sizeof(TileShapes) == 64);

// How one block's product is made of tiles.
template <WeightCode kCode, int kRowBits, int kBlock>
struct TileBlock {
  static constexpr int kParts = kRowBits / 8;  // low bytes and high ones: sums of their own
  static constexpr int kRowBytes = kBlock * kParts;
  static constexpr int kDepth = kRowBytes < kTileRowBytes ? kRowBytes : kTileRowBytes;
  static constexpr int kSteps = kRowBytes / kDepth;                // tiles of rows
  static constexpr int kWeightBytes = kDepth / 4 * kTileRowBytes;  // of a tile
  static constexpr int kBlockWeightBytes = kSteps * kParts * kWeightBytes;
  static constexpr int kBatch = kSumTiles / kParts;  // blocks whose sums fit
  static constexpr int kStripBlocks = kStripTiles / (kSteps * kParts);
  static constexpr std::size_t kPackedBytes = kChunkBytes * kBlock * bits_of(kCode) / 32;
};

template <int kDepth>
inline constexpr TileShapes kTileShapes{
    .palette = 1,
    .start_row = 0,
    .reserved = {},
    .row_bytes = {kTileRowBytes, kTileRowBytes, kTileRowBytes, kTileRowBytes, kDepth, kDepth,
                  kTileRowBytes, kTileRowBytes},
    .rows = {kTileRows, kTileRows, kTileRows, kTileRows, kTileRows, kTileRows, kDepth / 4,
             kDepth / 4}};

// What a call keeps beside its registers.
template <class B>
struct TileRoom {
  alignas(64) std::uint8_t weights[kStripTiles * kTileBytes];
  alignas(64) std::uint8_t dots[2][kSumTiles * kTileBytes];
  alignas(64) float scales[B::kStripBlocks][kPanelRows], biases[B::kStripBlocks][kPanelRows];
  alignas(64) float sums[kSpanRows][kPanelRows];  // between strips
};

// Writes the weights of one block as tiles: of each step, for each part of the rows' values.
template <class V, class B, WeightCode kCode>
[[gnu::always_inline]] inline void unpack_block(const std::uint8_t* chunk, std::uint8_t* to) {
  using I = typename V::I;
  int row = 0;
  const auto put_bytes = [&](I bytes) { V::store_i(to + row++ * kTileRowBytes, bytes); };
  const auto put_words = [&](I words) {
    constexpr int kRows = B::kDepth / 4;
    std::uint8_t* low =
        to + row / kRows * B::kParts * B::kWeightBytes + row % kRows * kTileRowBytes;
    V::store_i(low, words);
    V::store_i(low + B::kWeightBytes, V::times_256(words));
    ++row;
  };
  const auto put = [&](I bytes) {
    if constexpr (B::kParts == 1) return put_bytes(bytes);
    put_words(V::even_bytes(bytes));
    put_words(V::odd_bytes(bytes));
  };
  for (std::size_t at = 0; at < B::kPackedBytes; at += kChunkBytes) {
    const I bytes = V::load_i(chunk + at);
    if constexpr (kCode == kEightBits) {
      put(bytes);
    } else {
      const auto nibbles = [&](const I& four) {
        if constexpr (kCode == kE2m1)
          put(V::e2m1_bytes(four));
        else
          put(four);
      };
      nibbles(V::low_nibbles(bytes));
      nibbles(V::high_nibbles(bytes));
    }
  }
}

// The weights and scales of `blocks` blocks of a panel, from block `first` on.
template <class V, class B, WeightCode kCode, int kType>
void unpack_strip(const MultiplyArguments& a, const std::uint8_t* panel, int first, int blocks,
                  TileRoom<B>& room) {
  const int per_group = a.group / a.block;
  for (int i = 0; i < blocks; ++i) {
    const int b = first + i;
    const std::uint8_t* group = panel + b / per_group * a.group_bytes;
    const std::uint8_t* scale_at = group + per_group * B::kPackedBytes;
    const typename V::F scale = V::template load_numbers<kType>(scale_at, 0);
    V::store(room.scales[i], scale);
    if constexpr (kCode == kE2m1)
      V::store(room.biases[i], V::mul(scale, V::broadcast(-kE2m1Above)));
    else
      V::store(room.biases[i], V::template load_numbers<kType>(scale_at, kPanelRows));
    unpack_block<V, B, kCode>(group + b % per_group * B::kPackedBytes,
                              room.weights + i * B::kBlockWeightBytes);
  }
}

// The integer sums of one block into tiles kSlot * kParts and on: 16 rows from `x` on.
template <class T, class B, int kSlot>
[[gnu::always_inline]] inline void dot_tiles(T& tiles, const std::uint8_t* x, std::size_t stride,
                                             const std::uint8_t* weights) {
  constexpr int kSums = kSlot * B::kParts;
  const auto step = [&]<int kStep>() {
    constexpr int kRows = kRowTile + (kSlot + kStep) % 2;
    const std::uint8_t* w = weights + kStep * B::kParts * B::kWeightBytes;
    tiles.template load<kRows>(x + kStep * B::kDepth, stride);
    if constexpr (B::kParts == 1) {
      constexpr int kWeights = kWeightTile + kSlot % 2;
      tiles.template load<kWeights>(w, kTileRowBytes);
      tiles.template multiply_signed<kSums, kRows, kWeights>();
    } else {
      tiles.template load<kWeightTile>(w, kTileRowBytes);
      tiles.template load<kWeightTile + 1>(w + B::kWeightBytes, kTileRowBytes);
      tiles.template multiply_unsigned<kSums, kRows, kWeightTile>();
      tiles.template multiply_signed<kSums + 1, kRows, kWeightTile + 1>();
    }
  };
  tiles.template clear<kSums>();
  if constexpr (B::kParts == 2) tiles.template clear<kSums + 1>();
  step.template operator()<0>();
  if constexpr (B::kSteps == 2) step.template operator()<1>();
}

// The integer sums of `blocks` blocks, at most a batch, to `to`.
template <class T, class B>
[[gnu::always_inline]] inline void dot_batch(T& tiles, int blocks, const std::uint8_t* x,
                                             std::size_t stride, const std::uint8_t* weights,
                                             std::uint8_t* to) {
  const auto block = [&]<int kSlot>() {
    if constexpr (kSlot < B::kBatch) {
      if (kSlot >= blocks) return;
      dot_tiles<T, B, kSlot>(tiles, x + kSlot * B::kRowBytes, stride,
                             weights + kSlot * B::kBlockWeightBytes);
    }
  };
  block.template operator()<0>();
  block.template operator()<1>();
  block.template operator()<2>();
  block.template operator()<3>();
  // All of them: what a block that is not there left in its tile is not read.
  tiles.template store<0>(to, kTileRowBytes);
  tiles.template store<1>(to + kTileBytes, kTileRowBytes);
  tiles.template store<2>(to + 2 * kTileBytes, kTileRowBytes);
  tiles.template store<3>(to + 3 * kTileBytes, kTileRowBytes);
}

// Adds one block to the sums of 16 rows, whose scales are `stride` apart.
template <class V, class B>
[[gnu::always_inline]] inline void add_block(const std::uint8_t* dots, typename V::F scale,
                                             typename V::F bias, const float* scales,
                                             const float* weighted, std::size_t stride,
                                             typename V::F (&sum)[kTileRows]) {
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r) {
    typename V::I dot = V::load_i(dots + r * kTileRowBytes);
    if constexpr (B::kParts == 2)
      dot = V::add_i(dot, V::times_256(V::load_i(dots + kTileBytes + r * kTileRowBytes)));
    const typename V::F scaled = V::mul(V::to_float(dot), scale);
    sum[r] = V::fma(bias, V::broadcast(weighted[r * stride]),
                    V::fma(scaled, V::broadcast(scales[r * stride]), sum[r]));
  }
}

// Adds the strip's blocks, from block `first` on, to the sums of 16 rows from `row` on.
template <class V, class T, class B>
[[gnu::always_inline]] inline void add_strip(T& tiles, const MultiplyArguments& a, int first,
                                             int blocks, int row, TileRoom<B>& room,
                                             typename V::F (&sum)[kTileRows]) {
  const std::size_t x_stride = static_cast<std::size_t>(a.columns) * B::kParts, at = row;
  const std::size_t stride = a.blocks;
  const std::uint8_t* x =
      static_cast<const std::uint8_t*>(a.values) + at * x_stride + first * B::kRowBytes;
  const float* scales = a.scales + at * stride + first;
  const float* weighted = a.weighted + at * stride + first;
  const auto dot = [&](int b) {
    dot_batch<T, B>(tiles, blocks - b, x + b * B::kRowBytes, x_stride,
                    room.weights + b * B::kBlockWeightBytes, room.dots[b / B::kBatch % 2]);
  };
  dot(0);
  for (int b = 0; b < blocks; ++b) {
    // A batch ahead, so that the tiles and what becomes of their sums overlap.
    const int slot = b % B::kBatch, next = b + B::kBatch;
    if (slot == 0 && next < blocks) dot(next);
    add_block<V, B>(room.dots[b / B::kBatch % 2] + slot * B::kParts * kTileBytes,
                    V::load_f(room.scales[b]), V::load_f(room.biases[b]), scales + b, weighted + b,
                    stride, sum);
  }
}

// One strip for 16 rows from `row` on: their sums come from and go to `carried`, and to `out` where
// the strip is the panel's last.
template <class V, class T, class B>
void multiply_strip(T& tiles, const MultiplyArguments& a, int first, int blocks, int row,
                    TileRoom<B>& room, float (*carried)[kPanelRows], float* out, int outputs) {
  typename V::F sum[kTileRows];
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r) sum[r] = first == 0 ? V::zero_f() : V::load_f(carried[r]);
  add_strip<V, T, B>(tiles, a, first, blocks, row, room, sum);
  const bool last = first + blocks == a.blocks, whole = outputs == kPanelRows;
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r)
    V::store(last && whole ? out + (row + r) * a.stride : carried[r], sum[r]);
  if (!last || whole) return;
#pragma GCC unroll 1
  for (int r = 0; r < kTileRows; ++r)
    for (int i = 0; i < outputs; ++i) out[(row + r) * a.stride + i] = carried[r][i];
}

// What `row_tiles` tiles of rows bring while they meet the strip from block `first` on of panel
// `at`: the strip behind it, or the next panel's first, and nothing behind the last panel.
template <class B>
[[gnu::always_inline]] inline Ahead strip_ahead(const MultiplyArguments& a, int at, int first,
                                                int row_tiles) {
  const int per_group = a.group / a.block, next = first + B::kStripBlocks;
  const bool same = next < a.blocks;
  if (!same && at + 1 == a.panel_last) return ahead(nullptr, 0, 1);
  const std::uint8_t* panel =
      a.panels + a.panel_bytes * static_cast<std::size_t>(same ? at : at + 1);
  const int from = same ? next : 0;
  const int left = a.blocks - from, blocks = left < B::kStripBlocks ? left : B::kStripBlocks;
  const std::size_t group = static_cast<std::size_t>(from / per_group);
  const std::size_t groups = static_cast<std::size_t>((blocks + per_group - 1) / per_group);
  return ahead(panel + group * a.group_bytes, groups * a.group_bytes,
               static_cast<std::size_t>(row_tiles));
}

// Rows [a.row_first, row_last), at least 16. The last 16 overlap the ones before where they must:
// rows that are computed twice get the same bits.
template <class V, class T, WeightCode kCode, int kRowBits, int kType, int kBlock>
void multiply_rows_of_tiles(const MultiplyArguments& a, int row_last) {
  static_assert(V::kLanes == kPanelRows);
  using B = TileBlock<kCode, kRowBits, kBlock>;
  T tiles(kTileShapes<B::kDepth>);
  TileRoom<B> room;
  for (int p = a.panel_first; p < a.panel_last; ++p) {
    const std::uint8_t* panel = a.panels + a.panel_bytes * static_cast<std::size_t>(p);
    const int output = p * kPanelRows, left = a.outputs - output;
    const int outputs = left < kPanelRows ? left : kPanelRows;
    for (int span = a.row_first; span < row_last; span += kSpanRows) {
      const int span_last = row_last - span < kSpanRows ? row_last : span + kSpanRows;
      for (int b = 0; b < a.blocks; b += B::kStripBlocks) {
        const int blocks = a.blocks - b < B::kStripBlocks ? a.blocks - b : B::kStripBlocks;
        unpack_strip<V, B, kCode, kType>(a, panel, b, blocks, room);
        // A strip that later rows meet again is in a near cache by then.
        Ahead next = strip_ahead<B>(a, p, b, (span_last - span + kTileRows - 1) / kTileRows);
        for (int r = span; r < span_last; r += kTileRows) {
          next.go_on();
          const int row = row_last - r < kTileRows ? row_last - kTileRows : r;
          multiply_strip<V, T, B>(tiles, a, b, blocks, row, room, room.sums + (r - span),
                                  a.out + output, outputs);
        }
      }
    }
  }
  tiles.release();  // no destructor's work: that would bring the compiler's own inline functions
}

template <class V, class T>
[[gnu::noinline]] void multiply_e2m1_of_tiles(const MultiplyArguments& a, int row_last) {
  with_e2m1(a, [&]<WeightCode kCode, int kRowBits, int kType, int kBlock>() {
    multiply_rows_of_tiles<V, T, kCode, kRowBits, kType, kBlock>(a, row_last);
  });
}

template <class V, class T>
void multiply_with_tiles(const MultiplyArguments& a) {
  const int rows = a.row_last - a.row_first, left = rows % kTileRows;
  const int tiled = rows < kTileRows ? 0 : left < kTileRowsMin ? rows - left : rows;
  if (tiled > 0 && a.code == kE2m1) {
    multiply_e2m1_of_tiles<V, T>(a, a.row_first + tiled);
  } else if (tiled > 0) {
    with_affine(a, [&]<WeightCode kCode, int kRowBits, int kType, int kBlock>() {
      multiply_rows_of_tiles<V, T, kCode, kRowBits, kType, kBlock>(a, a.row_first + tiled);
    });
  }
  if (tiled == rows) return;
  MultiplyArguments rest = a;
  rest.row_first += tiled;
  multiply_with<V>(rest);
}

}  // namespace sanctum::kernels
