#include "serve/service_arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/exit_code.h"
#include "settings/path_words.h"
#include "settings/resolve.h"
#include "settings/serve_settings.h"

namespace sanctum::serve {
namespace {

namespace fs = std::filesystem;

using settings::model_from;
using settings::path_from;

struct Parsed {
  explicit Parsed(std::vector<std::string> words) : options(app) {
    app.allow_extras(false);
    std::reverse(words.begin(), words.end());  // as the parser wants them
    try {
      app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      throw Error(ErrorCode::kInvalid, std::string("`serve`: ") + error.what());
    }
  }
  CLI::App app;
  settings::ServeOptions options;
};

bool is_said(const std::vector<std::string>& words, const std::string& flag) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == flag || word.rfind(flag + "=", 0) == 0;
  });
}

bool is_path(const settings::Setting& setting) {
  return std::holds_alternative<settings::Path>(setting.type);
}

bool is_models(const settings::Setting& setting) {
  const auto* texts = std::get_if<settings::Texts>(&setting.type);
  return texts != nullptr && texts->models;
}

void add_words(const settings::Setting& setting, const std::string& directory,
               std::vector<std::string>& out) {
  for (const auto& value : words_of(setting)) {
    if (is_flag(setting)) out.push_back(setting.flag);
    out.push_back(is_path(setting)     ? path_from(directory, value)
                  : is_models(setting) ? model_from(directory, value)
                                       : value);
  }
}

}  // namespace

std::vector<std::string> settled_arguments(const std::vector<std::string>& words,
                                           const std::string& directory) {
  try {
    const Parsed parsed(words);
    std::vector<std::string> settled, models;
    if (is_said(words, settings::kConfigFlag))
      settled = {settings::kConfigFlag, path_from(directory, parsed.options.file())};
    for (const auto& setting : parsed.options.settings()) {
      if (!parsed.options.decided(setting.key)) continue;
      if (is_models(setting))
        add_words(setting, directory, models);
      else if (is_said(words, setting.flag))
        add_words(setting, directory, settled);
    }
    settled.insert(settled.end(), models.begin(), models.end());
    return settled;
  } catch (const Error&) {
    return words;
  }
}

std::vector<std::string> settled_command(const std::vector<std::string>& command,
                                         const std::string& directory) {
  if (command.size() < 2 || command[1] != "serve") return command;
  std::vector<std::string> settled{command[0], command[1]};
  const auto words = settled_arguments({command.begin() + 2, command.end()}, directory);
  settled.insert(settled.end(), words.begin(), words.end());
  return settled;
}

settings::ServeConfig resolve_words(const std::vector<std::string>& words) {
  const Parsed parsed(words);
  try {
    return resolve(parsed.options, words);
  } catch (const Exit& exit) {  // whose codes are serve's own
    throw Error(ErrorCode::kInvalid, exit.message, "serve");
  }
}

std::vector<std::pair<std::string, std::string>> variables_in_force() {
  settings::ServeConfig unused;
  const std::string here = fs::current_path().string();
  std::vector<std::pair<std::string, std::string>> found;
  const auto add = [&](const std::string& name, bool path) {
    const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
    if (value != nullptr && *value != '\0')
      found.emplace_back(name, path ? path_from(here, value) : value);
  };
  for (const auto& setting : settings::serve_settings(unused)) {
    if (setting.key != "state_dir")  // the unit's words name it
      add(setting.variable, is_path(setting));
  }
  add(settings::kConfigVariable, true);
  for (const char* name : {"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"})
    add(name, true);
  return found;
}

}  // namespace sanctum::serve
