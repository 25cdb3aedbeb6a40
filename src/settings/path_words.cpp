#include "settings/path_words.h"

#include <filesystem>

#include "base/home_path.h"
#include "base/json.h"
#include "catalog/import_place.h"
#include "client/printable.h"
#include "hub/cache_layout.h"
#include "supervisor/model_directory.h"

namespace sanctum::settings {
namespace fs = std::filesystem;

namespace {
constexpr std::size_t kShownCharactersMax = 500;
}  // namespace

std::string path_from(const std::string& directory, const std::string& path) {
  if (path.empty()) return path;
  fs::path full = (fs::absolute(directory) / home_expanded(path)).lexically_normal();
  if (!full.has_filename()) full = full.parent_path();  // "state/"
  return full.string();
}

std::string model_from(const std::string& directory, const std::string& told) {
  const auto [name, place] = supervisor::split_name(told);
  const std::string path = path_from(directory, place);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return told;
  // A word that also names what is no model is the word.
  if (place.find('/') == std::string::npos && !hub::has_config(path) && !catalog::is_gguf(path))
    return told;
  return (name.empty() ? "" : name + "=") + path;
}

std::string why_not_handed_on(const std::string& path) {
  if (json::is_utf8(path)) return {};
  return "'" + client::printable_line(path, kShownCharactersMax) +
         "' is no UTF-8; give it another name, or a link to it";
}

}  // namespace sanctum::settings
