// Models in Ollama's folder:
//
//   manifests/HOST/SPACE/NAME/TAG   JSON, whose layers name blobs by digest
//   blobs/sha256-HEX                of mediaType application/vnd.ollama.image.model: a GGUF file
//
// A name is [HOST/][SPACE/]NAME[:TAG], as `ollama list` shows it: of registry.ollama.ai, library
// and latest where it does not say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/foreign_models.h"

namespace sanctum::catalog {

inline constexpr std::uint64_t kManifestBytesMax = 1u << 20;
inline constexpr std::size_t kManifestLayersMax = 4096;
inline constexpr std::size_t kManifestsMax = 1000;  // that are looked at

// OLLAMA_MODELS, else ~/.ollama/models and, of a service, /usr/share/ollama/.ollama/models.
std::vector<std::string> ollama_directories(const hub::Environment& environment);

bool is_ollama_name(const std::string& name);
std::vector<ForeignModel> ollama_models(const std::string& directory);
// Nothing where there is no such manifest. Throws Error(kInvalid) for a name that is none.
std::optional<ForeignModel> ollama_model(const std::string& name, const std::string& directory);

}  // namespace sanctum::catalog
