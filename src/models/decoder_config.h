// The members of config.json that every decoder-only transformer here has under the same names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/delta_layer.h"
#include "models/mixture.h"
#include "models/rope_config.h"
#include "models/supported_variants.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

// What the layers of an architecture have beyond what all of them have.
struct LayerForms {
  bool qkv_bias = false, o_bias = false, mlp_bias = false;
  bool qk_norm = false;  // RMSNorm on every head of q and k, before the rotation
  // q_proj gives a gate behind each head's query; attention is multiplied by its sigmoid.
  bool output_gate = false;
  bool sinks = false;  // a score of each head that takes part in the softmax and has no value
  bool fused = false;  // q, k and v are stored as one matrix, and so are gate and up
};

// Queries far behind are multiplied, so that attention stays sharp over many keys (Llama 4): by
// 1 + beta * log(1 + floor(place / tokens)).
struct QueryScaling {
  float beta;
  int tokens;
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
  RopeConfig rope;
  std::vector<int> rope_axes;  // of its pairs; empty: positions have one axis
  std::vector<bool> rotates;   // a layer; empty: all do
  std::vector<int> windows;    // of a layer, as in nn::KeysAndValues; empty: none has one
  std::optional<QueryScaling> query_scaling;
  std::optional<MixtureConfig> mixture;  // in the place of the feed-forward part
  std::vector<bool> mixes;               // a layer; empty: all do, if there is one
  std::optional<DeltaConfig> delta;      // in the place of attention, in some layers
  nn::StoredNorm stored_norm = nn::StoredNorm::kWhole;
  std::string feed_forward = "mlp";  // where it is in a layer
  LayerForms forms;
};

// What an architecture is, and takes where config.json is silent, as in the reference
// implementation.
struct DecoderDefaults {
  Part part;
  std::optional<double> rope_theta;  // none: it must be there
  double rotated_part = 1;           // of a head
  // Which layers a sliding_window is for, where layer_types does not list them: none, all of them,
  // or, if use_sliding_window is true, those from max_window_layers on, or all.
  enum class Windows { kNone, kAll, kUpper, kAllIfUsed };
  Windows windows = Windows::kNone;
  bool only_experts = false;  // no layer has an intermediate_size
};

// Features of one row: wider would not be a model, and products of two counts stay an int.
inline constexpr std::int64_t kWidthMax = 1 << 24;
inline constexpr int kHeadsMax = 1024;  // of a layer

// Heads that the layers can have. Throws Error(kInvalid) naming the member.
struct HeadSizes {
  int heads, kv_heads, head_size;
};
void check_heads(const json::Node& config, const HeadSizes& sizes);

// Throws Error(kInvalid) naming the member that is missing, wrong, at odds with another, or asks
// for a variant that the models do not compute.
DecoderConfig read_decoder_config(const json::Node& config, const DecoderDefaults& defaults);

}  // namespace sanctum::models
