#include "settings/reference.h"

#include "settings/serve_settings.h"

namespace sanctum::settings {
namespace {

constexpr const char* kHead =
    "# Settings of `sanctum serve`\n"
    "\n"
    "`sanctum serve --reference` prints this page from the table that flags, variables and the\n"
    "configuration file (`--config FILE`, TOML) are read by. A flag counts before a variable, "
    "that\n"
    "before the file, that before the default. `sanctum serve --check` prints what a start would "
    "use, "
    "with\n"
    "where it comes from.\n"
    "\n"
    "| in the file | flag | variable | value | default | what it does |\n"
    "|---|---|---|---|---|---|\n";

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

std::string default_of(const Setting& setting) {
  std::string all;
  for (const auto& word : words_of(setting)) all += (all.empty() ? "" : " ") + word;
  return code(all);
}

std::string value_of(const Setting& setting) {
  return limits_of(setting) + (setting.unit.empty() ? "" : ", in " + setting.unit);
}

}  // namespace

std::string reference_page() {
  ServeConfig defaults;
  std::string page = kHead;
  for (const Setting& setting : serve_settings(defaults)) {
    const std::string flag = is_flag(setting) ? code(setting.flag) : "words";
    page += "| " + code(setting.key) + " | " + flag + " | " + code(setting.variable) + " | " +
            value_of(setting) + " | " + default_of(setting) + " | " + setting.what + " |\n";
  }
  return page;
}

}  // namespace sanctum::settings
