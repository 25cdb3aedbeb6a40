// A draw without top_k, from sums of blocks and the tokens near the place that is drawn.
//
// Sums in another order are rounded otherwise. Where the place lies so near a border between two
// tokens that this could matter, the answer is that there is none; any other is what
// draw_plainly says.
#pragma once

#include <optional>

#include "engine/logit_blocks.h"
#include "engine/sampler_params.h"

namespace sanctum::engine {

// The token at u of [0, 1) of all, in the order of their ids; top_p and min_p must be off.
std::optional<int> draw_of_all(LogitBlocks& row, const SamplerParams& s, double u);
// The token at u of those that top_p, which must be on, and min_p leave, best first.
std::optional<int> draw_of_share(LogitBlocks& row, const SamplerParams& s, double u);

}  // namespace sanctum::engine
