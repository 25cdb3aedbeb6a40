// Models that are a decoder and nothing more. Each is what it reads from config.json: one function
// here, and one row in registry.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/model.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

// Llama (1 to 3.2) and models of the same shape.
std::unique_ptr<Model> load_llama(const json::Node& config, nn::Weights& weights, Traits traits);
// The names that its checkpoints store, as the model knows them.
std::optional<std::string> rename_llama(const std::string& stored);

// Qwen3, dense.
std::unique_ptr<Model> load_qwen3(const json::Node& config, nn::Weights& weights, Traits traits);

}  // namespace sanctum::models
