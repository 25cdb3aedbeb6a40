// A configuration file in TOML, read into the settings of a table.
#pragma once

#include <string>
#include <vector>

#include "settings/setting.h"

namespace sanctum::settings {

// Sets what the file sets, except the keys in `decided`. An unknown key and a wrong value are
// Error(kInvalid) with the line. Returns the keys that the file sets.
std::vector<std::string> read_config_file(const std::string& path,
                                          const std::vector<std::string>& decided,
                                          const std::vector<Setting>& settings);

// The settings' values as such a file; `remark` is what stands behind each.
std::string as_toml(const std::vector<Setting>& settings,
                    const std::function<std::string(const Setting&)>& remark);

}  // namespace sanctum::settings
