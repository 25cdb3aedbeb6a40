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

// Llama's shape; of the first ones every layer has a window.
std::unique_ptr<Model> load_mistral(const json::Node& config, nn::Weights& weights, Traits traits);

std::unique_ptr<Model> load_qwen2(const json::Node& config, nn::Weights& weights, Traits traits);
// Dense.
std::unique_ptr<Model> load_qwen3(const json::Node& config, nn::Weights& weights, Traits traits);
// Mistral's models of 2025: llama's shape, queries scaled by their place.
std::unique_ptr<Model> load_ministral3(const json::Node& config, nn::Weights& weights,
                                       Traits traits);
// The language half of a model that sees, with the names of its own.
std::unique_ptr<Model> load_mistral3(const json::Node& config, nn::Weights& weights, Traits traits);
std::optional<std::string> rename_mistral3(const std::string& stored);
// Llama's shape; every fourth layer knows no positions.
std::unique_ptr<Model> load_smollm3(const json::Node& config, nn::Weights& weights, Traits traits);
// Mistral's mixture of experts.
std::unique_ptr<Model> load_mixtral(const json::Node& config, nn::Weights& weights, Traits traits);
std::optional<std::string> rename_mixtral(const std::string& stored);
std::unique_ptr<Model> load_qwen3_moe(const json::Node& config, nn::Weights& weights,
                                      Traits traits);
// Phi 3 to 4-mini: q, k and v are one stored matrix, gate and up another.
std::unique_ptr<Model> load_phi3(const json::Node& config, nn::Weights& weights, Traits traits);
// OpenAI's gpt-oss: every second layer has a window, heads have sinks, experts biases.
std::unique_ptr<Model> load_gpt_oss(const json::Node& config, nn::Weights& weights, Traits traits);
std::optional<std::string> rename_gpt_oss(const std::string& stored);

}  // namespace sanctum::models
