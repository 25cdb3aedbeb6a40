// A model that is the common decoder and nothing more.
#pragma once

#include <memory>
#include <string>

#include "models/decoder_config.h"
#include "models/model.h"
#include "nn/weights.h"

namespace sanctum::models {

// `body` is where the layers are ("model").
std::unique_ptr<Model> decoder_model(const DecoderConfig& config, nn::Weights& weights,
                                     const std::string& body, Traits traits);

}  // namespace sanctum::models
