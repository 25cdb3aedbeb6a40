// A weight matrix in the form that our kernels read: packed where it is of integers or E2M1, of
// bfloat16 where it is of E4M3 (mxfp8; that is exact), else as it is stored.
#pragma once

#include <mlx/array.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/packed_matrix.h"
#include "kernels/runtime.h"
#include "nn/backend.h"

namespace sanctum::nn {

using RuntimePointer = std::shared_ptr<kernels::Runtime>;

kernels::NumberType number_type(mx::Dtype dtype);

// Evaluates what is stored. Adds to `held` what is held beside MLX's memory. row_bits: 0: 8 that
// meet 4-bit weights, else 16.
std::shared_ptr<const Matrix> cpu_matrix(RuntimePointer runtime, const StoredMatrix& stored,
                                         int row_bits, std::shared_ptr<std::uint64_t> held);

// Whether it becomes PackedWeights.
inline bool is_packed(const StoredMatrix& stored) {
  return stored.scales && stored.mode != QuantizationMode::kMxfp8;
}
// That it holds in all, told from types and shapes alone.
std::uint64_t cpu_matrix_bytes(const StoredMatrix& stored);

class PackedWeights final : public Matrix {
 public:
  PackedWeights(RuntimePointer runtime, const StoredMatrix& stored, int row_bits,
                std::shared_ptr<std::uint64_t> held);
  ~PackedWeights() override;
  PackedWeights(const PackedWeights&) = delete;
  PackedWeights& operator=(const PackedWeights&) = delete;

  mx::array multiply(const mx::array& x) const override { return multiply_each(x, {this}).front(); }
  mx::array gather(const mx::array& ids) const override;

  // What meets the same rows, quantized alike, can meet them at once.
  bool goes_with(const PackedWeights& other) const {
    return packed_->columns() == other.packed_->columns() &&
           packed_->block() == other.packed_->block() && row_bits_ == other.row_bits_;
  }
  static std::vector<mx::array> multiply_each(const mx::array& x,
                                              const std::vector<const PackedWeights*>& of);

  const kernels::PackedMatrix& packed() const { return *packed_; }
  int row_bits() const { return row_bits_; }  // of the activations that meet it

 private:
  RuntimePointer runtime_;
  int row_bits_;
  std::shared_ptr<std::uint64_t> held_;
  std::shared_ptr<const kernels::PackedMatrix> packed_;
};

class PlainWeights final : public Matrix {
 public:
  PlainWeights(RuntimePointer runtime, const mx::array& weight);
  mx::array multiply(const mx::array& x) const override;
  mx::array gather(const mx::array& ids) const override;

  const mx::array& weight() const { return weight_; }  // evaluated, row by row

 private:
  RuntimePointer runtime_;
  mx::array weight_;
};

}  // namespace sanctum::nn
