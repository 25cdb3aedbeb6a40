// The layers that every architecture is made of. Each is a value holding its weights; calling it
// builds graph nodes on the device thread's stream and evaluates nothing.
//
// Shapes: x is [rows, features] unless said otherwise; rows are tokens of all sequences, packed.
#pragma once

#include <mlx/array.h>

#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "nn/backend.h"

namespace sanctum::nn {

namespace mx = mlx::core;

using kernels::Activation;

class Linear {
 public:
  Linear(std::shared_ptr<const Matrix> matrix, std::optional<mx::array> bias)
      : matrix_(std::move(matrix)), bias_(std::move(bias)) {}
  mx::array operator()(const mx::array& x) const;

 private:
  friend class LinearGroup;
  mx::array with_bias(const mx::array& y) const;

  std::shared_ptr<const Matrix> matrix_;
  std::optional<mx::array> bias_;
};

// Layers of the same input, computed together.
class LinearGroup {
 public:
  LinearGroup(BackendPointer backend, std::vector<Linear> layers)
      : backend_(std::move(backend)), layers_(std::move(layers)) {}
  // One output for each, in order.
  std::vector<mx::array> operator()(const mx::array& x) const;

 private:
  BackendPointer backend_;
  std::vector<Linear> layers_;
};

class Embedding {
 public:
  explicit Embedding(std::shared_ptr<const Matrix> table) : table_(std::move(table)) {}
  // ids int32 [n] -> [n, width]
  mx::array operator()(const mx::array& ids) const { return table_->gather(ids); }
  // Tied output head: x [n, width] -> [n, count].
  mx::array as_linear(const mx::array& x) const { return table_->multiply(x); }

 private:
  std::shared_ptr<const Matrix> table_;
};

class RmsNorm {
 public:
  RmsNorm(BackendPointer backend, mx::array weight, float eps)
      : backend_(std::move(backend)), weight_(std::move(weight)), eps_(eps) {}
  mx::array operator()(const mx::array& x) const { return backend_->rms_norm(x, weight_, eps_); }

 private:
  BackendPointer backend_;
  mx::array weight_;
  float eps_;
};

class LayerNorm {
 public:
  LayerNorm(BackendPointer backend, mx::array weight, mx::array bias, float eps)
      : backend_(std::move(backend)),
        weight_(std::move(weight)),
        bias_(std::move(bias)),
        eps_(eps) {}
  mx::array operator()(const mx::array& x) const {
    return backend_->layer_norm(x, weight_, bias_, eps_);
  }

 private:
  BackendPointer backend_;
  mx::array weight_;
  mx::array bias_;
  float eps_;
};

// down(act(gate(x)) * up(x)) (Shazeer, 2020).
class GatedMlp {
 public:
  GatedMlp(BackendPointer backend, Activation act, LinearGroup gate_and_up, Linear down)
      : backend_(std::move(backend)),
        act_(act),
        gate_and_up_(std::move(gate_and_up)),
        down_proj_(std::move(down)) {}
  mx::array operator()(const mx::array& x) const {
    const std::vector<mx::array> y = gate_and_up_(x);
    return down_proj_(backend_->gate(act_, y[0], y[1]));
  }

 private:
  BackendPointer backend_;
  Activation act_;
  LinearGroup gate_and_up_;
  Linear down_proj_;
};

// act(x) * other.
class Gate {
 public:
  Gate(BackendPointer backend, Activation act) : backend_(std::move(backend)), act_(act) {}
  mx::array operator()(const mx::array& x, const mx::array& other) const {
    return backend_->gate(act_, x, other);
  }

 private:
  BackendPointer backend_;
  Activation act_;
};

// See Backend::gated_delta.
class GatedDelta {
 public:
  GatedDelta(BackendPointer backend, const DeltaShape& shape, DeltaWeights weights)
      : backend_(std::move(backend)), shape_(shape), weights_(std::move(weights)) {}
  mx::array operator()(const mx::array& qkv, const mx::array& a, const mx::array& b,
                       const std::vector<Slice>& slices, int layer) const {
    return backend_->gated_delta(shape_, weights_, qkv, a, b, slices, layer);
  }

 private:
  BackendPointer backend_;
  DeltaShape shape_;
  DeltaWeights weights_;
};

class Activate {
 public:
  Activate(BackendPointer backend, Activation act) : backend_(std::move(backend)), act_(act) {}
  mx::array operator()(const mx::array& x) const { return backend_->activate(act_, x); }

 private:
  BackendPointer backend_;
  Activation act_;
};

// Softmax attention over heads of one size.
class Attention {
 public:
  Attention(BackendPointer backend, AttentionForm form)
      : backend_(std::move(backend)), form_(std::move(form)) {}
  // See Backend::causal_attention, picture_keys and full_attention.
  mx::array causal(const mx::array& q, const std::optional<KeyValueRows>& rows,
                   const std::vector<Slice>& slices, int layer) const {
    return backend_->causal_attention(q, rows, form_, slices, layer);
  }
  PictureKeys picture_keys(const mx::array& k, const mx::array& v) const {
    return backend_->picture_keys(k, v);
  }
  mx::array full(const mx::array& q, const PictureKeys& keys) const {
    return backend_->full_attention(q, keys, form_.scale);
  }

 private:
  BackendPointer backend_;
  AttentionForm form_;
};

// As it is scaled unless a model says otherwise.
inline float usual_scale(int head_size) {
  return 1.0f / std::sqrt(static_cast<float>(head_size));
}

mx::array gelu(const mx::array& x);  // x * Phi(x), exact

}  // namespace sanctum::nn
