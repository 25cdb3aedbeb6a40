#include "kernels/gated_delta.h"

#include <algorithm>
#include <cmath>

#include "base/invariant.h"
#include "kernels/kernel_table.h"

namespace sanctum::kernels {
namespace {

// Rows that are prepared before their states take them: what is prepared stays in the caches.
constexpr int kRoundRows = 128;
// Numbers of a state that are passed over in about the time of one channel and its exp.
constexpr int kChannelNumbers = 8;

// Rows [first, first + rows) of the packed ones, of one slice; in what is prepared of a round they
// begin at `at`.
struct Piece {
  const DeltaSlice* slice;
  int first, rows, at;
};
// Of a slice there is one piece in a round, because the next needs its states.
using Round = std::vector<Piece>;

std::vector<Round> rounds_of(const std::vector<DeltaSlice>& slices) {
  std::vector<Round> out;
  int room = 0;
  for (const DeltaSlice& slice : slices) {
    for (int done = 0; done < slice.count;) {
      if (room == 0) {
        out.emplace_back();
        room = kRoundRows;
      }
      const int rows = std::min(room, slice.count - done);
      out.back().push_back({&slice, slice.first + done, rows, kRoundRows - room});
      done += rows, room -= rows;
    }
  }
  return out;
}

// In double and rounded once: then they are the same whatever computes exp.
float sigmoid(float x) {
  return static_cast<float>(1 / (1 + std::exp(-static_cast<double>(x))));
}
// `rate` is exp(a_log).
float decay_of(double rate, float a, float dt_bias) {
  const double x = static_cast<double>(a) + static_cast<double>(dt_bias);
  const double softplus = std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
  return static_cast<float>(std::exp(-rate * softplus));
}

// One round. A unit is a head of q, of k or of v.
class Work {
 public:
  Work(Runtime& runtime, const DeltaShape& shape, const DeltaWeights& weights,
       const DeltaRows& input, const Round& round)
      : shape_(shape),
        weights_(weights),
        input_(input),
        kernels_(kernels_of(runtime.isa())),
        rows_(static_cast<std::size_t>(round.back().at + round.back().rows)) {
    const auto gates = rows_ * static_cast<std::size_t>(shape.value_heads);
    decay_ = runtime.delta_rows(2 * gates + rows_ * static_cast<std::size_t>(shape.channels()));
    beta_ = decay_ + gates;
    heads_ = beta_ + gates;
  }

  int units() const { return 2 * shape_.key_heads + shape_.value_heads; }
  int parts() const { return shape_.value_dim() / kDeltaRows; }

  void prepare(const Piece& piece, int unit) const {
    const int key_units = 2 * shape_.key_heads;
    const bool value = unit >= key_units, query = unit < shape_.key_heads;
    const int channel = channel_of(unit);
    const auto stride = static_cast<std::size_t>(shape_.channels());
    DeltaConvArguments a{};
    a.x = input_.qkv + static_cast<std::size_t>(piece.first) * stride + channel;
    if (shape_.taps > 1) a.before = piece.slice->conv + channel;  // one tap keeps no rows
    a.weights = weights_.conv + channel;
    a.stride = stride;
    a.rows = piece.rows, a.size = value ? shape_.value_size : shape_.key_size;
    a.taps = shape_.taps;
    const float shrink = 1 / std::sqrt(static_cast<float>(shape_.key_size));
    a.norm = value ? 0 : query ? shrink : 1;
    a.out = rows_of(unit, piece);
    kernels_.convolve(a);
    if (value) gate(piece, unit - key_units);
  }

  // `part` kDeltaRows of all heads' values, one after another.
  void step(const Piece& piece, int part, float* out) const {
    const int value = part * kDeltaRows, head = value / shape_.value_size;
    const int key_head = head / (shape_.value_heads / shape_.key_heads);
    DeltaArguments a{};
    a.q = rows_of(key_head, piece);
    a.k = rows_of(shape_.key_heads + key_head, piece);
    a.v = rows_of(2 * shape_.key_heads + head, piece) + value % shape_.value_size;
    a.decay = gates_of(decay_, piece, head);
    a.beta = gates_of(beta_, piece, head);
    a.state = piece.slice->state + static_cast<std::size_t>(value) * shape_.key_size;
    a.out_stride = static_cast<std::size_t>(shape_.value_dim());
    a.out = out + static_cast<std::size_t>(piece.first) * a.out_stride + value;
    a.value_stride = static_cast<std::size_t>(shape_.value_size);
    a.rows = piece.rows, a.key_size = shape_.key_size;
    kernels_.delta(a);
  }

 private:
  int channel_of(int unit) const {
    const int key_units = std::min(unit, 2 * shape_.key_heads);
    return key_units * shape_.key_size + (unit - key_units) * shape_.value_size;
  }
  // [rows of the round, size] of each unit.
  float* rows_of(int unit, const Piece& piece) const {
    const int size = unit < 2 * shape_.key_heads ? shape_.key_size : shape_.value_size;
    return heads_ + static_cast<std::size_t>(channel_of(unit)) * rows_ +
           static_cast<std::size_t>(piece.at) * static_cast<std::size_t>(size);
  }
  float* gates_of(float* all, const Piece& piece, int head) const {
    return all + static_cast<std::size_t>(head) * rows_ + piece.at;
  }
  void gate(const Piece& piece, int head) const {
    const double rate = std::exp(static_cast<double>(weights_.a_log[head]));
    float *decay = gates_of(decay_, piece, head), *beta = gates_of(beta_, piece, head);
    for (int row = 0; row < piece.rows; ++row) {
      const std::size_t at =
          static_cast<std::size_t>(piece.first + row) * shape_.value_heads + head;
      decay[row] = decay_of(rate, input_.a[at], weights_.dt_bias[head]);
      beta[row] = sigmoid(input_.b[at]);
    }
  }

  const DeltaShape& shape_;
  const DeltaWeights& weights_;
  const DeltaRows& input_;
  const Kernels& kernels_;
  std::size_t rows_;
  float *decay_, *beta_, *heads_;
};

// Calls work(piece, index) for all pieces' indices below `count`, each of which passes over
// `values` numbers a row.
template <class Call>
void share(Runtime& runtime, const Round& round, int count, int values, const Call& work) {
  const int pieces = static_cast<int>(round.size());
  const int rows = (round.back().at + round.back().rows + pieces - 1) / pieces;  // of most
  runtime.share_rows(pieces * count, values * rows, [&](RowRange range) {
    for (int i = range.first; i < range.last; ++i)
      work(round[static_cast<std::size_t>(i / count)], i % count);
  });
}

}  // namespace

void gated_delta(Runtime& runtime, const DeltaShape& shape, const DeltaWeights& weights,
                 const DeltaRows& rows, const std::vector<DeltaSlice>& slices, float* out) {
  SANCTUM_INVARIANT(shape.key_heads > 0 && shape.value_heads % shape.key_heads == 0 &&
                        shape.key_size > 0 && shape.value_size % kDeltaRows == 0 &&
                        shape.taps > 0 && shape.taps <= kDeltaTapsMax,
                    "shape of a gated delta layer");
  for (const Round& round : rounds_of(slices)) {
    const Work work(runtime, shape, weights, rows, round);
    share(runtime, round, work.units(), kChannelNumbers * (shape.channels() / work.units()),
          [&](const Piece& piece, int unit) { work.prepare(piece, unit); });
    share(runtime, round, work.parts(), shape.key_size * kDeltaRows,
          [&](const Piece& piece, int part) { work.step(piece, part, out); });
  }
}

}  // namespace sanctum::kernels
