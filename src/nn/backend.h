// What the layers compute with: MLX's own operations, as Metal and CUDA run them, or our kernels on
// a CPU. The layers and models are the same; a backend is chosen once, when a model is loaded.
//
// Device thread only. Every call builds graph nodes and evaluates nothing, but for `matrix`.
#pragma once

#include <mlx/array.h>
#include <mlx/dtype.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/activation.h"
#include "nn/delta.h"
#include "nn/kv_memory.h"
#include "nn/quantization.h"
#include "nn/weight_file.h"

namespace sanctum::nn {

namespace mx = mlx::core;

// Features of an attention head.
inline constexpr int kHeadSizeMax = 512;

// A weight matrix [rows, columns] as it is stored, plain or quantized along the columns in one of
// MLX's formats.
struct StoredMatrix {
  mx::array weight;  // plain: [rows, columns]; quantized: uint32 [rows, columns * bits / 32]
  std::optional<mx::array>
      scales;  // [rows, columns / group_size]; uint8 of modes other than affine
  std::optional<mx::array> biases;  // of the scales' type; affine only
  int group_size = 0;
  int bits = 0;
  // Of a quantized matrix: where they lie, for a backend that packs. It reads them from there, and
  // the arrays are of their types and shapes but never evaluated.
  struct Places {
    WeightPlace weight, scales, biases;
  };
  std::optional<Places> places = std::nullopt;
  QuantizationMode mode = QuantizationMode::kAffine;
  // float32 [n]: by which the n equal parts of the rows are multiplied, one after another. Of nvfp4
  // alone.
  std::optional<mx::array> factors = std::nullopt;
};

// What an array takes once its numbers, if they are floating, are of type `compute`.
inline std::uint64_t bytes_as(const mx::array& array, mx::Dtype compute) {
  return mx::issubdtype(array.dtype(), mx::floating) ? array.size() * compute.size()
                                                     : array.nbytes();
}

class Matrix {
 public:
  virtual ~Matrix() = default;
  // x [n, columns] times the transposed matrix: [n, rows].
  virtual mx::array multiply(const mx::array& x) const = 0;
  // ids int32 [n] -> rows of the matrix, [n, columns].
  virtual mx::array gather(const mx::array& ids) const = 0;
};

// How a router's logits choose experts: the `chosen` largest of a row, of equal ones the first,
// weighted by a softmax over all of them, or over the chosen ones alone.
struct Routing {
  int chosen = 0;
  bool over_chosen = false;
};
// The matrices of all experts, one after another: gate and up [experts * inner, width], down
// [experts * width, inner].
struct StoredExperts {
  StoredMatrix gate, up, down;
  int experts = 0;
  kernels::Activation act = kernels::Activation::kSilu;
  Routing routing;
  // [experts, outputs] each, or none of them.
  std::optional<mx::array> gate_bias = std::nullopt, up_bias = std::nullopt,
                           down_bias = std::nullopt;
  // [experts]: by which the weight of each is multiplied.
  std::optional<mx::array> scales = std::nullopt;
};

class Experts {
 public:
  virtual ~Experts() = default;
  // x [n, width], the router's logits [n, experts] -> [n, width]: the sum over a row's experts, in
  // their order, of weight * down(act(gate(x)) * up(x)), each with its bias.
  virtual mx::array operator()(const mx::array& x, const mx::array& logits) const = 0;
};

// Rows [first, first + count) of a step's packed tokens belong to the sequence that owns `cache`,
// which has room for them.
struct Slice {
  int first = 0;
  int count = 0;
  SequenceCache* cache = nullptr;
  int length = 0;  // tokens of the sequence, also those that are not fed yet
};

// Of a step's rows, [tokens, kv_heads, head_size] each.
struct KeyValueRows {
  mx::array k, v;
};

struct AttentionForm {
  float scale = 1;
  int window = 0;  // as in KeysAndValues
  // float32 [heads]: a score of each head that takes part in the softmax and has no value.
  std::optional<mx::array> sinks = std::nullopt;
};

// By what the first `rotated` features of a step's rows are rotated: a table that the host made, or
// places, of which the backend makes its own.
struct Angles {
  // float32 [rows, rotated], the cosines of a row's pairs, then the sines, both times the
  // magnitude; with periods int32 [rows], places.
  mx::array of;
  // float32 [rotated / 2]: a pair turns by place / period.
  std::optional<mx::array> periods = std::nullopt;
  float magnitude = 1;  // with periods, what turns is multiplied by it
};

// In the backend's own form.
struct PictureKeys {
  std::vector<mx::array> arrays;
  int rows = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;
  // Whether a row's result depends on nothing but the row and the weights.
  virtual bool same_under_load() const = 0;
  // What a result depends on besides the rows and the weights, in words that change whenever the
  // same weights may give other bits.
  virtual std::string numbers() const = 0;
  // The type in which layers hand rows to one another.
  virtual mx::Dtype compute_dtype() const = 0;
  // Whether `matrix` evaluates what is stored and keeps it in a form of its own. Otherwise it keeps
  // what it is given, of the compute dtype.
  virtual bool packs() const = 0;
  virtual std::shared_ptr<const Matrix> matrix(StoredMatrix stored) const = 0;
  // Why `experts` cannot compute these, told from types and shapes alone; empty where it can.
  virtual std::string refusal_of(const StoredExperts&) const { return {}; }
  virtual std::shared_ptr<const Experts> experts(StoredExperts stored) const = 0;
  // What `matrix` of it holds, told from types and shapes alone.
  virtual std::uint64_t matrix_bytes(const StoredMatrix& stored) const = 0;
  // x times each of them, [n, rows] each, where that may cost less than one after another.
  virtual std::vector<mx::array> multiply_each(const mx::array& x,
                                               const std::vector<const Matrix*>& matrices) const {
    std::vector<mx::array> out;
    out.reserve(matrices.size());
    for (const Matrix* matrix : matrices) out.push_back(matrix->multiply(x));
    return out;
  }
  // What its matrices hold now, beside MLX's own memory, which counts itself.
  virtual std::uint64_t packed_bytes() const = 0;

  // x [..., columns]; weight and bias [columns].
  virtual mx::array rms_norm(const mx::array& x, const mx::array& weight, float eps) const = 0;
  virtual mx::array layer_norm(const mx::array& x, const mx::array& weight, const mx::array& bias,
                               float eps) const = 0;
  // x [rows, columns].
  virtual mx::array activate(kernels::Activation act, const mx::array& x) const = 0;
  // act(x) * other, both [rows, columns].
  virtual mx::array gate(kernels::Activation act, const mx::array& x,
                         const mx::array& other) const = 0;
  // x [rows, heads, head_size], rotated: by a table in float32, by places as the backend does it
  // (MLX rounds places times frequencies; 1e-3 from the table at place 30,000, and in bfloat16 on a
  // CPU twice what rounding alone makes).
  virtual mx::array rotate(const mx::array& x, const Angles& angles) const = 0;
  // Whether `rotate` is to be given places where all pairs of a row turn by the same.
  virtual bool rotates_by_place() const { return false; }

  // Calls work(0) to work(items - 1), on several threads where the backend has them: host work
  // between two evaluations. It must not throw.
  virtual void share(int items, const std::function<void(int)>& work) const = 0;
  // Whether its evaluations leave cores of this machine to others, as a GPU's do.
  virtual bool leaves_cores() const { return false; }

  // Memory for the sequences of one model, in steps of at most `step_tokens` of each. Throws
  // Error(kInvalid) naming "kv_bytes" if `bytes` is too little for any.
  virtual std::unique_ptr<KvMemory> kv_memory(const KvShape& shape, std::uint64_t bytes,
                                              int step_tokens) const = 0;
  // Causal attention of each slice over its sequence's past, as far as the form lets a row see, and
  // itself; grouped heads. q [tokens, heads, head_size] -> [tokens, heads * head_size]. Writes
  // `rows` into the caches of `layer` (of KvShape::layers), behind the tokens that they have; the
  // caches advance when all layers have. Without them the layer sees what another one wrote in this
  // step.
  virtual mx::array causal_attention(const mx::array& q, const std::optional<KeyValueRows>& rows,
                                     const AttentionForm& form, const std::vector<Slice>& slices,
                                     int layer) const = 0;
  // The gated delta rule of each slice behind what its cache of `layer` (of KvShape::layers) has;
  // see kernels/gated_delta.h. qkv [tokens, channels], a and b [tokens, value_heads] -> float32
  // [tokens, value_heads, value_size]. Brings the caches' states up to the slices' ends.
  virtual mx::array gated_delta(const DeltaShape& shape, const DeltaWeights& weights,
                                const mx::array& qkv, const mx::array& a, const mx::array& b,
                                const std::vector<Slice>& slices, int layer) const = 0;
  // All of one picture's keys and values, [rows, heads, head_size], made ready for full_attention.
  virtual PictureKeys picture_keys(const mx::array& k, const mx::array& v) const = 0;
  // Attention of some of a picture's rows over all of them. q [n, heads, head_size] -> [n, heads *
  // head_size].
  virtual mx::array full_attention(const mx::array& q, const PictureKeys& keys,
                                   float scale) const = 0;
};

using BackendPointer = std::shared_ptr<const Backend>;
// Where it fuses, MLX compiles what it can into one kernel; by itself it does on a GPU. (On a CPU
// it would call the machine's compiler.)
BackendPointer stock_backend(mx::Dtype compute, std::optional<bool> fuses = std::nullopt);

// Our kernels. Rows are float32. Everything else of a graph with them, MLX's operations and what is
// read from files, must be computed where they are: this makes the CPU MLX's default device, on a
// machine with a GPU too. So it comes before the first array.
struct CpuOptions {
  int threads = 0;   // 0: one for each core
  int row_bits = 0;  // 8 or 16, of the activations; 0: 8 that meet 4-bit weights, else 16
  bool kv_int8 =
      false;  // keys and values as integers (kernels/kv_type.h), not as weights are stored
};
inline constexpr int kCpuThreadsMax = 256;
BackendPointer cpu_backend(const CpuOptions& options);
// How many compute then.
int cpu_threads(const CpuOptions& options);

}  // namespace sanctum::nn
