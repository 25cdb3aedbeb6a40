// How a file stretches its rotary embedding, in the words of config.json.
#pragma once

#include <string>

#include "gguf/architecture.h"
#include "gguf/reader.h"
#include "gguf/source.h"

namespace sanctum::gguf {

inline constexpr int kHeadSizeMax = 1024;

// rope_scaling as JSON, empty for none. `rotated` is how many features of a head are rotated.
// A factor without a type is linear, as for llama.cpp. Llama 3's factors are stored as a tensor
// (rope_freqs.weight), out of which its four numbers are found again. Throws Error(kInvalid) naming
// the key or the tensor for a scaling that config.json cannot say.
std::string rope_scaling(const Source& source, const Header& header,
                         const Architecture& architecture, int rotated, double theta);

}  // namespace sanctum::gguf
