// Llama (1 to 3.2) and models of the same shape: RMSNorm, rotary grouped-query attention, SwiGLU.
#pragma once

#include <memory>
#include <optional>

#include "models/model.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

// The names that a checkpoint stores, as the model knows them.
std::optional<std::string> rename_llama(const std::string& stored);
std::unique_ptr<Model> load_llama(const json::Node& config, nn::Weights& weights, Traits traits);

}  // namespace sanctum::models
