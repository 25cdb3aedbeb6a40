// A mixture of experts in the place of a layer's feed-forward part.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/layers.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

struct MixtureConfig {
  int experts;
  int inner;  // features of one
  // Of the router and of each expert; and where the router is.
  bool biases = false;
  std::string router = "gate";
  nn::GateUp together = nn::GateUp::kHalves;
  nn::Activation act = nn::Activation::kSilu;
  int shared_inner = 0;  // of one more that every row takes, by a gate of its own; 0: there is none
  nn::Routing routing;
};

// The counts under the names that a configuration has for them. Throws Error(kInvalid).
MixtureConfig read_mixture(const json::Node& config, const char* experts, const char* inner,
                           const char* chosen = "num_experts_per_tok");

// Of each layer, whether it is a mixture: one in decoder_sparse_step, but for mlp_only_layers.
std::vector<bool> read_mixing_layers(const json::Node& config, int layers);

namespace mx = mlx::core;

class Mixture {
 public:
  Mixture(nn::Weights& w, const std::string& path, const MixtureConfig& config, int width);
  // x [rows, width] -> the same.
  mx::array operator()(const mx::array& x) const;

 private:
  nn::Linear gate_;
  std::shared_ptr<const nn::Experts> experts_;
  std::optional<nn::GatedMlp> shared_expert_;
  std::optional<nn::Linear> shared_expert_gate_;
};

}  // namespace sanctum::models
