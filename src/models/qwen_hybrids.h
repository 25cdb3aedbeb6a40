// Qwen3-Next and Qwen3.5 to 3.8: three layers of four remember a state (delta_layer.h), the others
// are attention whose output has a gate; dense, or a mixture of experts with one that all rows
// take.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/model.h"
#include "models/processor.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

std::unique_ptr<Model> load_qwen3_next(const json::Node& config, nn::Weights& weights,
                                       Traits traits);
// Leaves out what predicts several tokens.
std::optional<std::string> rename_qwen3_next(const std::string& stored);

// qwen3_5 and qwen3_5_moe: it sees with Qwen3-VL's tower, without deepstack, where that is stored.
std::unique_ptr<Model> load_qwen3_5(const json::Node& config, nn::Weights& weights, Traits traits);
std::optional<std::string> rename_qwen3_5(const std::string& stored);
// Of the language model alone: leaves out the tower too.
std::optional<std::string> rename_qwen3_5_text(const std::string& stored);
std::shared_ptr<const Processor> make_qwen3_5_processor(const json::Node& config,
                                                        const std::string& directory);

}  // namespace sanctum::models
