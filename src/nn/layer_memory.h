// What each layer of a model remembers of a sequence's tokens, and what that takes.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "kernels/gated_delta.h"
#include "kernels/number_type.h"

namespace sanctum::nn {

// Of every token that a row may still see.
struct KeysAndValues {
  int heads = 0, head_size = 0;
  int window = 0;  // a row sees at most so many tokens, the last ones, its own too; 0: all

  std::uint64_t numbers() const {  // of a token
    return std::uint64_t{2} * static_cast<unsigned>(heads) * static_cast<unsigned>(head_size);
  }
};

// As much after each token as after the first: the states of a gated delta rule, in float32.
using RecurrentState = kernels::DeltaShape;

using LayerMemory = std::variant<KeysAndValues, RecurrentState>;

struct KvShape {
  std::vector<LayerMemory> layers;  // those that remember something of their own, in order
  kernels::NumberType type = kernels::kFloat32;  // of keys and values: as the weights are stored
};

// Of layers that are alike.
KvShape alike(int layers, const KeysAndValues& each, kernels::NumberType type = kernels::kFloat32);

}  // namespace sanctum::nn
