#include "nn/layer_memory.h"

namespace sanctum::nn {

KvShape alike(int layers, const KeysAndValues& each, kernels::NumberType type) {
  return {std::vector<LayerMemory>(static_cast<std::size_t>(layers), each), type};
}

}  // namespace sanctum::nn
