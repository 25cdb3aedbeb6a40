// Queries, keys and values in one tensor, as some converters keep them.
#pragma once

#include "gguf/architecture.h"
#include "gguf/model_config.h"
#include "gguf/reader.h"
#include "gguf/source.h"

namespace sanctum::gguf {

// Makes attn_q, attn_k and attn_v of each layer's attn_qkv, whose rows lie one after another,
// where the architecture keeps them apart. Throws Error(kInvalid) naming one of other rows than the
// metadata's heads have.
void split_fused(const Source& source, const Architecture& architecture, const Shape& shape,
                 Header& header);

}  // namespace sanctum::gguf
