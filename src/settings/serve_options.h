// The settings of `serve` as options of a command, and what they say once it is parsed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "settings/serve_config.h"
#include "settings/setting.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sanctum::settings {

// Outlives the command.
class ServeOptions {
 public:
  explicit ServeOptions(CLI::App& command);
  ServeOptions(const ServeOptions&) = delete;
  ServeOptions& operator=(const ServeOptions&) = delete;

  // What flags and variables said; the rest as by default.
  const ServeConfig& told() const { return told_; }
  // That of --config; empty: none.
  const std::string& file() const { return file_; }
  // The table, bound to told().
  const std::vector<Setting>& settings() const { return settings_; }
  // By a flag or a variable.
  bool decided(const std::string& key) const;
  std::vector<std::string> decided_keys() const;

 private:
  ServeConfig told_;
  std::string file_;
  const std::vector<Setting> settings_;
  std::map<std::string, const CLI::Option*> options_;  // by key; they live as long as the command
};

inline constexpr const char* kConfigFlag = "--config";
inline constexpr const char* kConfigVariable = "SANCTUM_CONFIG";

}  // namespace sanctum::settings
