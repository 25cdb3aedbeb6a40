// How the gateway starts its engine: program, words, models.
#pragma once

#include <string>
#include <vector>

#include "settings/serve_config.h"
#include "supervisor/worker.h"

namespace sanctum::serve {

// `held`: descriptors that the engine holds as long as it lives. Throws Exit when the built-in
// model is wanted and nowhere.
supervisor::WorkerOptions worker_options(const settings::ServeConfig& config,
                                         std::vector<int> held);
// Of them, those that say how it computes.
std::vector<std::string> engine_words(const settings::ServeConfig& config);

}  // namespace sanctum::serve
