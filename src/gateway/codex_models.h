// What Codex wants to know of a model, beside OpenAI's list: the member "models" of /v1/models, as
// its protocol's ModelInfo has it (openai/codex, codex-rs/protocol/src/openai_models.rs).
#pragma once

#include "base/json.h"
#include "wire/messages.h"

namespace sanctum::gateway {

// `taken_for`: reported_tokens.h. `priority`: 0 is the one that is chosen by itself.
void write_codex_model(json::Writer& w, const wire::ModelInfo& model, int taken_for, int priority);

}  // namespace sanctum::gateway
