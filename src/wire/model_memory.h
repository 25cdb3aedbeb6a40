// What a model takes of memory, which the engine's program tells of one that it could load
// (`sanctum-engine --check`), before any weight is read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace sanctum::wire {

// Layers that remember alike.
struct LayerKind {
  std::string name;  // "full attention"
  int layers = 0;
  std::uint64_t token_bytes = 0;     // of all of them together, for each token that they remember
  std::int64_t tokens_max = 0;       // that they remember at most, of a sequence; 0: all
  std::uint64_t sequence_bytes = 0;  // whatever its length
};

struct ModelMemory {
  std::string model;  // its name
  std::string quantization, kernels;
  std::uint64_t weight_bytes = 0;    // as stored
  std::uint64_t weights_memory = 0;  // bytes, once loaded
  std::string kv_type;               // "bfloat16": keys and values
  std::int64_t context_tokens = 0;   // as config.json says
  std::int64_t grain_tokens = 1;     // of which a sequence has whole ones
  std::vector<LayerKind> kinds;

  // Keys and values of one more token, at the begin of a sequence.
  std::uint64_t token_bytes() const;
  // Of a sequence of so many tokens.
  std::uint64_t sequence_bytes(std::int64_t tokens) const;
  // The longest sequence that `bytes` hold, in whole grains, of the model's own at most.
  std::int64_t tokens_within(std::uint64_t bytes) const;
};

std::string encode(const ModelMemory& memory);
// Throws Error(kInvalid) naming the member.
ModelMemory decode_model_memory(const json::Node& node);

}  // namespace sanctum::wire
