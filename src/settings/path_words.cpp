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

namespace {

// Absolute; empty where nothing is there, and for a word that also names what is no model: that is
// the word.
std::string model_path(const std::string& directory, const std::string& place) {
  const std::string path = path_from(directory, place);
  std::error_code ignored;
  const bool word = place.find('/') == std::string::npos;
  const bool there = fs::exists(path, ignored);
  return there && (!word || hub::has_config(path) || catalog::is_gguf(path)) ? path : std::string();
}

}  // namespace

std::string model_from(const std::string& directory, const std::string& told) {
  if (auto path = model_path(directory, told); !path.empty()) return path;
  const auto [name, place] = supervisor::split_name(told);
  const std::string path = model_path(directory, place);
  if (path.empty()) return told;
  return (name.empty() ? "" : name + "=") + path;
}

std::string why_not_handed_on(const std::string& path) {
  if (json::is_utf8(path)) return {};
  return "'" + client::printable_line(path, kShownCharactersMax) +
         "' is no UTF-8; give it another name";
}

}  // namespace sanctum::settings
