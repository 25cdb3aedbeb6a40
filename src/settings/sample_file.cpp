#include "settings/sample_file.h"

#include <sstream>

#include "settings/config_file.h"
#include "settings/serve_settings.h"

namespace sanctum::settings {
namespace {

constexpr std::size_t kColumns = 100;
constexpr const char* kHead =
    "# Settings of `sanctum serve`: start it with `sanctum serve --config FILE`, and see what a "
    "start\n"
    "# would use with `sanctum serve --config FILE --check`. What stands behind a # is the "
    "default: "
    "take\n"
    "# the # away to change it. Flags and SANCTUM_* variables count before this file; relative "
    "paths\n"
    "# are relative to it.\n";

std::string wrapped(const std::string& text) {
  std::istringstream words(text);
  std::string all, line = "#";
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > kColumns) {
      all += line + "\n";
      line = "#";
    }
    line += " " + word;
  }
  return all + line + "\n";
}

std::string limits(const Setting& setting) {
  return limits_of(setting) + (setting.unit.empty() ? "" : ", in " + setting.unit);
}

}  // namespace

std::string sample_file() {
  ServeConfig defaults;
  std::string all = kHead;
  for (const Setting& setting : serve_settings(defaults)) {
    if (std::holds_alternative<Rows>(setting.type)) continue;
    all += "\n" + wrapped(setting.what + " (" + limits(setting) + ").");
    all += "#" + as_toml({setting}, [](const Setting&) { return ""; });
  }
  return all;
}

}  // namespace sanctum::settings
