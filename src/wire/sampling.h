// Sampling parameters read from a JSON object, by the names that OpenAI's clients and their peers
// use. The gateway reads them from a request's top level, the engine from `sampling`.
#pragma once

#include "base/json.h"
#include "wire/messages.h"

namespace sanctum::wire {

inline constexpr std::size_t kStopBytesMax = 1024;  // one stop string
inline constexpr std::size_t kStopTokenIdsMax = 64;
inline constexpr int kTokenIdMax = (1 << 30) - 1;

// Reads temperature, top_k, top_p, min_p, the penalties, logit_bias, seed, stop, stop_token_ids,
// ignore_eos and max_tokens; other members are left alone (log probabilities differ by API).
// Throws Error(kInvalid) naming the field for a wrong type or a value out of range.
Sampling read_sampling(const json::Node& object);

}  // namespace sanctum::wire
