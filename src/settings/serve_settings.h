// The settings of `sanctum serve`, each once: everything that a person can set, and how.
#pragma once

#include <vector>

#include "settings/serve_config.h"
#include "settings/setting.h"

namespace sanctum::settings {

// Bound to `config`, which outlives the table.
std::vector<Setting> serve_settings(ServeConfig& config);

}  // namespace sanctum::settings
