// A layer that remembers a state instead of tokens: the gated delta rule (Yang et al., 2024), as
// Qwen3-Next and Qwen3.5 have it in three layers of four.
#pragma once

#include <string>
#include <vector>

#include "nn/delta.h"
#include "nn/layers.h"
#include "nn/weights.h"

namespace sanctum::models {

namespace mx = mlx::core;

struct DeltaConfig {
  nn::DeltaShape shape;
  // One stored matrix gives q, k, v and z, another b and a, each head of keys after the other.
  // Otherwise there are four.
  bool interleaved = false;
  std::vector<bool> layers;  // which are such
};

class DeltaLayer {
 public:
  DeltaLayer(nn::Weights& w, const std::string& path, const DeltaConfig& c, int width, float eps);
  // x [rows, width] -> [rows, value_heads * value_size]. `memory`: which of KvShape::layers.
  mx::array mix(const mx::array& x, const std::vector<nn::Slice>& slices, int memory) const;
  // Of what mix() gave, some rows or all -> [rows, width].
  mx::array project(const mx::array& mixed) const { return out_proj_(mixed); }

 private:
  struct Projected {
    mx::array qkv, z, b, a;
  };
  Projected projected(const mx::array& x) const;

  nn::DeltaShape shape_;
  bool interleaved_;
  nn::LinearGroup in_proj_;
  nn::GatedDelta delta_;
  nn::RmsNorm norm_;
  nn::Gate gate_;
  nn::Linear out_proj_;
};

}  // namespace sanctum::models
