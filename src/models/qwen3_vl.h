// Qwen3-VL: Qwen3's language model with interleaved mrope, a vision tower and deepstack. Without
// vision_config, as mlx_lm converts it, it is the language model alone.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/decoder_config.h"
#include "models/model.h"
#include "models/processor.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

std::optional<std::string> rename_qwen3_vl(const std::string& stored);
std::unique_ptr<Model> load_qwen3_vl(const json::Node& config, nn::Weights& weights, Traits traits);
// Host side: expands picture markers and gives every token its place.
std::shared_ptr<const Processor> make_qwen3_vl_processor(const json::Node& config,
                                                         const std::string& directory);
// Of others with its tower: `image_token` is the marker where config.json is silent.
std::shared_ptr<const Processor> make_qwen_processor(const json::Node& config,
                                                     const std::string& directory, int image_token);

// The language half of what config.json says: positions have three axes, shared out by
// mrope_section. Throws Error(kInvalid).
DecoderConfig read_qwen3_vl_text(const json::Node& text_config);

}  // namespace sanctum::models
