// What a model takes of memory, told before anything is loaded: from its config.json and the
// headers of its weights alone.
//
// It counts as the engine does with its own kernels (nn/cpu/paged_memory.h): heads padded to 32
// features, blocks of 64 tokens, numbers as wide as the weights' own floats or int8 with a scale
// for each 32. Weights are not kept twice; what is no matrix is kept as float32. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "convert/safetensors_file.h"

namespace sanctum::catalog {

inline constexpr std::uint64_t kBlockTokens = 64;

enum class KvForm { kStored, kInt8 };

// Layers that remember alike.
struct LayerKind {
  std::string name;  // "full attention"
  int layers = 0;
  std::uint64_t token_bytes = 0;     // of all of them together, for each token that they remember
  std::int64_t tokens_max = 0;       // that they remember at most, of a sequence; 0: all
  std::uint64_t sequence_bytes = 0;  // whatever its length
};

struct MemoryPrediction {
  std::uint64_t weight_bytes = 0;    // as stored
  std::uint64_t weights_memory = 0;  // bytes, once loaded
  std::string stored_as;             // "bfloat16": keys and values, where they are not int8
  std::int64_t context_tokens = 0;   // as config.json says
  std::vector<LayerKind> kinds;

  // Keys and values of one more token, at the begin of a sequence.
  std::uint64_t token_bytes() const;
  // Of a sequence of so many tokens, in whole blocks.
  std::uint64_t sequence_bytes(std::int64_t tokens) const;
  // The longest sequence that `bytes` hold, in whole blocks, of the model's own at most.
  std::int64_t tokens_within(std::uint64_t bytes) const;
};

// Every kind of layer that a model has: the one place that knows what remembers how.
std::vector<LayerKind> layer_kinds(const json::Node& config, const std::string& stored_as,
                                   KvForm form);

// Throws Error(kInvalid) naming the member of config.json that is missing or wrong.
MemoryPrediction predict_memory(const json::Node& config,
                                const std::vector<convert::StoredTensor>& weights, KvForm form);

}  // namespace sanctum::catalog
