// Models in LM Studio's folder: PUBLISHER/REPO/, with GGUF files or with an MLX model in it.
//
// A name is PUBLISHER/REPO, and /FILE.gguf behind it where there are several.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/foreign_models.h"

namespace sanctum::catalog {

inline constexpr std::size_t kEntriesMax = 1000;  // of a folder, that are looked at

// ~/.lmstudio/models, and the older ~/.cache/lm-studio/models.
std::vector<std::string> lm_studio_directories(const hub::Environment& environment);

bool is_lm_studio_name(const std::string& name);
std::vector<ForeignModel> lm_studio_models(const std::string& directory);
// Nothing where there is no such folder or file. Throws Error(kInvalid) for a name that is none, or
// that fits several.
std::optional<ForeignModel> lm_studio_model(const std::string& name, const std::string& directory);

}  // namespace sanctum::catalog
