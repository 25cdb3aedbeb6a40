// What config.json says of a Gemma 4.
#pragma once

#include <optional>
#include <vector>

#include "models/mixture.h"
#include "nn/rope.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

struct Gemma4Config {
  struct Layer {
    int window = 0;  // 0: it sees all
    int kv_heads = 0, head_size = 0, inner = 0;
    bool keys_are_values = false;
    int memory = 0;  // whose keys and values it attends to: of KvShape::layers
    bool remembers = true;
  };
  int hidden = 0, heads = 0, vocabulary = 0;
  float eps = 0;
  float softcap = 0;  // of logits; 0: none
  std::vector<Layer> layers;
  nn::RopeFrequencies rope, local_rope;  // of layers that see all, and of the others
  std::optional<MixtureConfig> mixture;  // beside the dense part
  int layer_inputs = 0;                  // features of a layer's own embeddings; 0: there are none
  int layer_vocabulary = 0;

  // Throws Error(kInvalid) naming the member.
  static Gemma4Config read(const json::Node& text, int vocabulary);
};

}  // namespace sanctum::models
