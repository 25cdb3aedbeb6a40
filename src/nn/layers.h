// The layers that every architecture is made of. Each is a value holding its weights; calling it
// builds graph nodes on the device thread's stream and evaluates nothing.
//
// Shapes: x is [rows, features] unless said otherwise; rows are tokens of all sequences, packed.
#pragma once

#include <mlx/array.h>

#include <optional>

namespace sanctum::nn {

namespace mx = mlx::core;

// A weight matrix [rows, columns], plain or MLX-affine quantized along the columns.
struct Matrix {
  mx::array weight;  // plain: [rows, columns]; quantized: uint32 [rows, columns * bits / 32]
  std::optional<mx::array> scales;  // [rows, columns / group_size]
  std::optional<mx::array> biases;
  int group_size = 0;
  int bits = 0;
};

// x [n, columns] times the transposed matrix: [n, rows].
mx::array multiply(const mx::array& x, const Matrix& matrix);

class Linear {
 public:
  Linear(Matrix matrix, std::optional<mx::array> bias)
      : matrix_(std::move(matrix)), bias_(std::move(bias)) {}
  mx::array operator()(const mx::array& x) const;

 private:
  Matrix matrix_;
  std::optional<mx::array> bias_;
};

class Embedding {
 public:
  Embedding(Matrix table, mx::Dtype compute) : table_(std::move(table)), compute_(compute) {}
  // ids int32 [n] -> [n, width]
  mx::array operator()(const mx::array& ids) const;
  // Tied output head: x [n, width] -> [n, count].
  mx::array as_linear(const mx::array& x) const { return multiply(x, table_); }

 private:
  Matrix table_;
  mx::Dtype compute_;
};

class RmsNorm {
 public:
  RmsNorm(mx::array weight, float eps) : weight_(std::move(weight)), eps_(eps) {}
  mx::array operator()(const mx::array& x) const;

 private:
  mx::array weight_;
  float eps_;
};

class LayerNorm {
 public:
  LayerNorm(mx::array weight, mx::array bias, float eps)
      : weight_(std::move(weight)), bias_(std::move(bias)), eps_(eps) {}
  mx::array operator()(const mx::array& x) const;

 private:
  mx::array weight_;
  mx::array bias_;
  float eps_;
};

// down(silu(gate(x)) * up(x)) (Shazeer, 2020).
class SwiGlu {
 public:
  SwiGlu(Linear gate, Linear up, Linear down)
      : gate_proj_(std::move(gate)), up_proj_(std::move(up)), down_proj_(std::move(down)) {}
  mx::array operator()(const mx::array& x) const;

 private:
  Linear gate_proj_, up_proj_, down_proj_;
};

mx::array silu(const mx::array& x);
mx::array gelu(const mx::array& x);       // x * Phi(x), exact
mx::array gelu_tanh(const mx::array& x);  // the tanh approximation (Hendrycks and Gimpel, 2016)

}  // namespace sanctum::nn
