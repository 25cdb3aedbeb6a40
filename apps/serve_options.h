// The settings of `serve` as options of a command.
#pragma once

#include <functional>

#include "apps/serve_config.h"

namespace CLI {
class App;
}

namespace sanctum {

// What it returns reads the file of --config into what no flag and no variable has decided; to be
// called once the options are parsed. Throws Exit.
std::function<void()> add_serve_options(CLI::App& command, ServeConfig& config);

}  // namespace sanctum
