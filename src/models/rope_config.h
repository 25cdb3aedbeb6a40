// The rotary positions that config.json asks for: its rope_scaling, or rope_parameters as
// transformers 5 calls it, by name: default, linear, dynamic, llama3, yarn, longrope, proportional
// and mrope (whose axes qwen3_vl.cpp reads).
#pragma once

#include <limits>
#include <optional>

#include "nn/rope.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

struct RopeConfig {
  nn::RopeFrequencies frequencies;
  // LongRoPE: a sequence of more tokens than `short_tokens` turns by others, all its tokens.
  int short_tokens = std::numeric_limits<int>::max();
  nn::RopeFrequencies beyond = {};
};

// `default_theta`, and `default_part` of a head that turns: where config.json is silent; without
// the first it must not be. Throws Error(kInvalid) naming the member.
RopeConfig read_rope(const json::Node& config, int head_size, std::optional<double> default_theta,
                     double default_part = 1);

// The same of `members` alone.
RopeConfig read_rope(const json::Node& config, const json::Node& members, int head_size,
                     std::optional<double> default_theta, double default_part = 1);

// rope_scaling or rope_parameters; nothing where there is neither.
std::optional<json::Node> rope_members(const json::Node& config);

}  // namespace sanctum::models
