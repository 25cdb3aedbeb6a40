// Tokens as an agent is told them that takes another context for granted than the model has.
//
// Agents compact a conversation when what it takes comes near the context that they know, 200,000
// tokens say. Told in that proportion, a shorter context is full for them when it is. Pure.
#pragma once

#include "wire/messages.h"

namespace sanctum::gateway {

// `context`: the model's, in tokens; `taken_for`: what the agent takes it for. 0 of either: as is.
int reported_tokens(int tokens, int context, int taken_for);
wire::Usage reported_usage(const wire::Usage& usage, int context, int taken_for);

}  // namespace sanctum::gateway
