// How many parameters a model has, as mlx_lm counts them for model.safetensors.index.json: those of
// modules that have no modules inside, and of what is quantized its weights and its output biases.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gguf/safetensors_writer.h"

namespace sanctum::convert {

// `bits_of`: of modules that are quantized, by their paths.
std::uint64_t total_parameters(const std::vector<gguf::OutTensor>& tensors,
                               const std::map<std::string, int>& bits_of);

}  // namespace sanctum::convert
