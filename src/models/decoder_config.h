// The members of config.json that every decoder-only transformer here has under the same names.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/supported_variants.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

// What the layers of an architecture have beyond what all of them have.
struct LayerForms {
  bool qkv_bias = false, o_bias = false, mlp_bias = false;
  bool qk_norm = false;  // RMSNorm on every head of q and k, before the rotation
};

struct DecoderConfig {
  int hidden_size;
  int layers;
  int intermediate_size;
  int heads;
  int kv_heads;
  int head_size;
  int vocabulary;
  float norm_eps;
  std::vector<float> inverse_frequencies;  // of the rotary embedding, head_size / 2
  std::vector<int> rope_axes;              // of those; empty: positions have one axis
  LayerForms forms;
};

// What an architecture is, and takes where config.json is silent, as in the reference
// implementation.
struct DecoderDefaults {
  Part part;
  std::optional<double> rope_theta;  // none: it must be there
};

// Features of one row: wider would not be a model, and products of two counts stay an int.
inline constexpr std::int64_t kWidthMax = 1 << 24;
inline constexpr int kHeadsMax = 1024;  // of a layer

// Throws Error(kInvalid) naming the member that is missing, wrong, at odds with another, or asks
// for a variant that the models do not compute.
DecoderConfig read_decoder_config(const json::Node& config, const DecoderDefaults& defaults);

// rope_scaling, or rope_parameters as transformers 5 calls it; nothing where there is neither.
std::optional<json::Node> rope_members(const json::Node& config);

}  // namespace sanctum::models
