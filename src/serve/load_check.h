// Whether what is configured could be loaded, asked of the engine's program before anything is
// copied or started (engine/load_check.h). What cannot be told within kLoadCheckMax is left to the
// start, as is everything where another server would answer in our place.
#pragma once

#include <chrono>

#include "settings/serve_config.h"

namespace sanctum::serve {

inline constexpr std::chrono::seconds kLoadCheckMax{10};

// Throws Exit with the reason for a person.
void check_loads(const settings::ServeConfig& config);

}  // namespace sanctum::serve
