// One draw from a row of logits: temperature, top_k, top_p, min_p, then the token at a number's
// place among what is left.
//
// draw_plainly defines what is drawn: every token's weight in double precision, added one after
// another, in the order of the ids until top_k or top_p has to sort. draw gives the same token and
// looks at few of them.
#pragma once

#include "engine/logit_blocks.h"
#include "engine/sampler_params.h"

namespace sanctum::engine {

// The id drawn with u of [0, 1). Needs a finite logit and a temperature over 0. Ties go to the
// smaller id.
int draw(LogitBlocks& row, const SamplerParams& s, double u);
int draw_plainly(const LogitBlocks& row, const SamplerParams& s, double u);

}  // namespace sanctum::engine
