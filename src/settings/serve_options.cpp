#include "settings/serve_options.h"

#include <CLI/CLI.hpp>

#include "settings/serve_settings.h"
#include "settings/setting_options.h"

namespace sanctum::settings {

ServeOptions::ServeOptions(CLI::App& command) : settings_(serve_settings(told_)) {
  for (const Setting& setting : settings_) {
    if (!setting.flag.empty()) options_[setting.key] = add_option(command, setting);
  }
  command.add_option(kConfigFlag, file_, "A TOML file with the same settings")
      ->envname(kConfigVariable);
}

bool ServeOptions::decided(const std::string& key) const {
  const auto found = options_.find(key);
  return found != options_.end() && found->second->count() > 0;
}

std::vector<std::string> ServeOptions::decided_keys() const {
  std::vector<std::string> keys;
  for (const Setting& setting : settings_) {
    if (decided(setting.key)) keys.push_back(setting.key);
  }
  return keys;
}

}  // namespace sanctum::settings
