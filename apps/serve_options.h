// The settings of `serve` as options of a command.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "apps/serve_config.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sanctum {

// Where a setting's value lies in the ServeConfig.
using SettingValue = std::variant<std::string*, int*, std::uint64_t*, std::vector<std::string>*>;

struct Setting {
  std::string key;   // in the file
  std::string flag;  // "--listen"; "models" for the one without
  SettingValue value;
  CLI::Option* option;  // lives as long as the command
};

struct ServeOptions {
  std::vector<Setting> settings;
  std::string file;                            // that of --config; empty: none
  bool decided(const Setting& setting) const;  // by a flag or a variable
};

// `config` takes what flags and variables say when the command is parsed; it outlives the command.
std::shared_ptr<ServeOptions> add_serve_options(CLI::App& command, ServeConfig& config);

}  // namespace sanctum
