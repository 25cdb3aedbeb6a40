// Files that Ollama's own converter wrote, in llama.cpp's words: nothing else knows of them.
//
// It calls an architecture, keys and tensors otherwise, leaves out keys of which it knows what they
// are, and puts a model's picture half into the same file. What it does is told by Ollama's
// llama/compat, which says the same to llama.cpp. Other files stay as they are.
#pragma once

#include <cstddef>

#include "gguf/reader.h"

namespace sanctum::gguf {

// Returns how many tensors of a picture half were left out. Throws as Metadata's getters.
std::size_t in_llama_cpps_words(Header& header);

}  // namespace sanctum::gguf
