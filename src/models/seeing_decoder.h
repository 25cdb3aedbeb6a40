// The common decoder under Qwen3-VL's vision tower: its positions have three axes, and where a
// picture stands its tokens' embeddings are the tower's. With deepstack (Qwen3-VL) or without
// (Qwen3.5).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "models/decoder_config.h"
#include "models/model.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

// Which axis each of `pairs` rotated pairs of a head follows, by mrope_section of the text's
// configuration, or by `usual` where it is silent. Throws Error(kInvalid).
std::vector<int> read_position_axes(const json::Node& text, int pairs,
                                    const std::array<int, 3>& usual);

// Layers at "language_model.model", the tower at "vision_tower", as `config`'s vision_config says.
std::unique_ptr<Model> seeing_decoder(const DecoderConfig& text, const json::Node& config,
                                      nn::Weights& weights, Traits traits);

}  // namespace sanctum::models
