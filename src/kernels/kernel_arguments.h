// What crosses from the chosen path into the files compiled for one instruction set: plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/activation.h"
#include "kernels/number_type.h"

namespace sanctum::kernels {

inline constexpr int kPanelRows = 16;                       // outputs of a panel
inline constexpr std::size_t kChunkBytes = 4 * kPanelRows;  // a stored word of each of them
inline constexpr std::size_t kLineBytes = 64;               // of a processor's cache
inline constexpr int kHeadSizeMax = 512;
inline constexpr int kKeysPerBlock = 64;
inline constexpr int kSpanKeys = 512;  // see attention_kernel.h
inline constexpr int kKvIntegers = 3;  // beside the NumberTypes: see kv_type.h
inline constexpr int kKvGroup = 32;    // features that share a scale

// What a packed weight is: an affine integer of 4 or 8 bits, or a code of E2M1.
enum WeightCode : int { kFourBits, kEightBits, kE2m1 };
consteval int bits_of(WeightCode code) {
  return code == kEightBits ? 8 : 4;
}

// Rows [row_first, row_last) times the outputs of panels [panel_first, panel_last).
struct MultiplyArguments {
  const void* values;  // int8 or int16 [rows, columns]
  const float* scales;
  const float* weighted;  // both [rows, blocks]
  int row_bits, columns, blocks;

  const std::uint8_t* panels;
  std::size_t panel_bytes, group_bytes;
  WeightCode code;
  int scale_type, outputs, block, group;

  float* out;  // [rows, stride]
  std::size_t stride;
  int panel_first, panel_last, row_first, row_last;
};

struct QuantizeArguments {
  const float* x;  // [rows, columns]
  void* values;
  float* scales;
  float* weighted;
  int row_bits, columns, block;
  int row_first, row_last;
};

// `rows` tokens' queries of the `group` heads that share one head of keys and values.
struct AttentionArguments {
  const float* q;  // [rows, row_stride], from the first of the heads on
  float* out;      // the same
  std::size_t row_stride;
  int rows, group, head_size;
  float scale;
  // The sequence has `keys` of them; causal: the last row sees all, the one before one fewer, ...
  int keys;
  bool causal;
  int kv_type;                      // a KvType
  const void* const* key_blocks;    // each [head_size, 64]; see kv_type.h
  const void* const* value_blocks;  // each [64, head_size]
  // A row sees at most so many keys, the last ones; 0: all. Blocks that no row sees are not read.
  int window = 0;
  // [group], or null: a score of each head that takes part in the softmax and has no value.
  const float* sinks = nullptr;
  std::size_t block_bytes = 0;  // of each of these; attend() sets it
  // Null: all keys, to `out`. Else those of one span alone, to its part:
  // [rows * group, part_row(head_size)].
  float* part = nullptr;
  int span = 0;
};
// Numbers: a row's sums, then its largest score and its sum of weights.
constexpr std::size_t part_row(int head_size) {
  return static_cast<std::size_t>(head_size) + 2;
}
// The parts of all spans, [spans, rows * group, part_row(head_size)], to `attention.out`.
struct JoinArguments {
  AttentionArguments attention;
  const float* parts;
  int spans;
};

enum class RowKind : int { kRmsNorm, kLayerNorm, kActivation, kRope };

// Rows [row_first, row_last) of what rows.h computes; see there for what each kind reads.
struct RowArguments {
  RowKind kind;
  const float* x;  // [rows, heads, columns]
  float* out;      // the same
  int columns, heads;
  int rotated;  // features of a head
  Activation activation;
  const float* other;   // [rows, columns], of a rotation [rows, rotated]
  const float* weight;  // [columns]
  const float* bias;    // [columns]
  float eps;
  int row_first, row_last;
};

// Rows [row_first, row_last) times the transpose of outputs [output_first, output_last).
struct FloatMatmulArguments {
  const float* x;      // [rows, columns]
  const void* weight;  // [outputs, columns]
  int weight_type, columns;
  float* out;  // [rows, stride]
  std::size_t stride;
  int output_first, output_last, row_first, row_last;
};

inline constexpr int kDeltaTapsMax = 8;
inline constexpr int kDeltaRows = 32;  // of values that a block of state has

// `rows` rows of one head's channels; see gated_delta.h.
struct DeltaConvArguments {
  const float* x;        // [rows, stride]
  float* before;         // [taps - 1, stride]: the rows before; becomes the last ones
  const float* weights;  // [taps, stride]
  std::size_t stride;    // of all three, which begin at the head's channels
  int rows, size, taps;
  float norm;  // of a row of the result; 0: whatever it has
  float* out;  // [rows, size]
};

// `rows` tokens of one sequence, kDeltaRows rows of one head's values.
struct DeltaArguments {
  const float* q;
  const float* k;  // both [rows, key_size]
  const float* v;  // [rows, value_stride]
  const float* decay;
  const float* beta;  // both [rows]
  float* state;       // [key_size, kDeltaRows]
  float* out;         // [rows, out_stride]
  std::size_t value_stride, out_stride;
  int rows, key_size;
};

// One for each instruction set, in a file of its own.
struct Kernels {
  void (*multiply)(const MultiplyArguments&);
  void (*quantize)(const QuantizeArguments&);
  void (*attend)(const AttentionArguments&);
  void (*join_spans)(const JoinArguments&);
  void (*rows)(const RowArguments&);
  void (*multiply_float)(const FloatMatmulArguments&);
  void (*convolve)(const DeltaConvArguments&);
  void (*delta)(const DeltaArguments&);
};
extern const Kernels kPortableKernels, kPortableTilesKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels, kAvx2VnniKernels, kAvx512VnniKernels, kAmxKernels;
#endif

}  // namespace sanctum::kernels
