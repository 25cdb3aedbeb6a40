#include "catalog/foreign_models.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "catalog/lm_studio.h"
#include "catalog/ollama.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

using Look = std::vector<ForeignModel> (*)(const std::string& directory);

void add(std::vector<ForeignModel>& all, const std::vector<std::string>& directories, Look look) {
  for (const auto& directory : directories)
    for (auto& model : look(directory)) all.push_back(std::move(model));
}

[[noreturn]] void refuse_absent(const std::string& name, const ForeignPlaces& places) {
  std::vector<std::string> names;
  for (const auto& model : foreign_models(places)) names.push_back(model.name);
  std::string looked;
  for (const auto& place : is_ollama_name(name) ? places.ollama : places.lm_studio)
    looked += (looked.empty() ? "" : ", ") + place_text(place);
  throw Error(ErrorCode::kNotFound,
              "there is no '" + name + "' in " +
                  (looked.empty() ? "a folder: HOME is not set" : looked) +
                  did_you_mean(name, names, "`sanctum models list` lists what there is"),
              "model");
}

}  // namespace

ForeignPlaces foreign_places(const hub::Environment& environment) {
  return {ollama_directories(environment), lm_studio_directories(environment)};
}

bool is_foreign_name(const std::string& name) {
  return is_ollama_name(name) || is_lm_studio_name(name);
}

std::string own_name(const std::string& name) {
  return name.substr(name.find(':') + 1);
}

std::string owner_of(const std::string& name) {
  return is_ollama_name(name) ? "Ollama" : "LM Studio";
}

std::string removal_of(const std::string& name) {
  if (is_ollama_name(name)) return "`ollama rm " + own_name(name) + "` removes it";
  return "LM Studio removes it (My Models)";
}

std::string check_of(const std::string& name) {
  if (is_ollama_name(name))
    return "`ollama pull " + own_name(name) + "` looks whether it is whole, and mends it";
  return "LM Studio downloads it anew where it is damaged";
}

std::string place_text(const std::string& directory) {
  std::error_code error;
  const auto type = fs::status(directory, error).type();
  if (type == fs::file_type::not_found) return directory + " (which is not there)";
  if (type != fs::file_type::directory || ::access(directory.c_str(), R_OK | X_OK) != 0)
    return directory + " (which may not be read)";
  return directory;
}

std::vector<ForeignModel> foreign_models(const ForeignPlaces& places) {
  std::vector<ForeignModel> all;
  add(all, places.ollama, ollama_models);
  add(all, places.lm_studio, lm_studio_models);
  return all;
}

ForeignModel foreign_model(const std::string& name, const ForeignPlaces& places) {
  const bool ollama = is_ollama_name(name);
  for (const auto& directory : ollama ? places.ollama : places.lm_studio)
    if (auto found = ollama ? ollama_model(name, directory) : lm_studio_model(name, directory))
      return std::move(*found);
  refuse_absent(name, places);
}

}  // namespace sanctum::catalog
