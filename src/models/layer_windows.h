// What config.json says of layers that differ: which see a window of tokens alone, and by what each
// kind turns.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "models/rope_config.h"

namespace sanctum::models {

struct WindowDefaults {
  std::optional<int> window = {};  // where sliding_window is silent; nothing: it must be there
  std::optional<std::int64_t> every = {};  // every so many-th layer sees all, where none are listed
};

// Of each layer: at most so many tokens, the last ones, its own too; 0: all. As layer_types lists
// them ("full_attention", "sliding_attention"), else as sliding_window_pattern, or the defaults,
// repeat. Throws Error(kInvalid) naming the member.
std::vector<int> read_layer_windows(const json::Node& config, int layers,
                                    const WindowDefaults& defaults);

// The rotation of layers of one type ("full_attention", "sliding_attention"): of rope_parameters
// where it has a member of that name, as transformers 5 writes it. Otherwise rope_scaling is the
// full layers', and the others turn plainly. `theta` where config.json is silent.
RopeConfig read_layer_rope(const json::Node& config, std::string_view type, int head_size,
                           double theta);

}  // namespace sanctum::models
