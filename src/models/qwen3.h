// Qwen3, dense text models.
#pragma once

#include <memory>

#include "models/model.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

std::unique_ptr<Model> load_qwen3(const json::Node& config, nn::Weights& weights, Traits traits);

}  // namespace sanctum::models
