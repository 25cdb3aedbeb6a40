// A mixture of experts in the place of a layer's feed-forward part.
#pragma once

#include <memory>
#include <string>

#include "nn/layers.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

struct MixtureConfig {
  int experts;
  int inner;  // features of one
  nn::Routing routing;
};

// The counts under the names that a configuration has for them. Throws Error(kInvalid).
MixtureConfig read_mixture(const json::Node& config, const char* experts, const char* inner);

namespace mx = mlx::core;

class Mixture {
 public:
  // The router is `path`.gate.
  Mixture(nn::Weights& w, const std::string& path, const MixtureConfig& config, int width);
  // x [rows, width] -> the same.
  mx::array operator()(const mx::array& x) const { return (*experts_)(x, gate_(x)); }

 private:
  nn::Linear gate_;
  std::shared_ptr<const nn::Experts> experts_;
};

}  // namespace sanctum::models
