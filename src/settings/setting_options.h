// Settings as options of a command: flags and variables of the environment.
#pragma once

#include <string>
#include <vector>

#include "settings/setting.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sanctum::settings {

// One of a table; its value, which outlives the command, is set when the command is parsed. Not for
// Rows. Of a flag that is said twice the last counts.
CLI::Option* add_option(CLI::App& command, const Setting& setting);

}  // namespace sanctum::settings
