#include "supervisor/model_directory.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/home_path.h"
#include "catalog/import_place.h"
#include "catalog/imports.h"
#include "hub/cache_layout.h"
#include "hub/places.h"
#include "hub/repository_kind.h"
#include "platform/machine.h"
#include "supervisor/model_refusal.h"

namespace sanctum::supervisor {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPathBegins[] = {"/", "./", "../", "~/"};  // no name does

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// Of GGUF files beside a config.json each is one by itself.
bool is_model(const std::string& directory) {
  if (!hub::has_config(directory)) return false;
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator each(directory, error), end;
       !error && each != end && files.size() < hub::kCacheEntriesMax; each.increment(error))
    files.push_back(each->path().filename().string());
  return hub::kind_of(files) != hub::RepositoryKind::kGguf;
}

void check_name(const std::string& name, const std::string& told) {
  const auto legal = [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/' || c == ':';
  };
  if (name.empty() || name.size() > kModelNameLettersMax ||
      !std::all_of(name.begin(), name.end(), legal)) {
    throw Error(ErrorCode::kInvalid,
                "'" + told + "' is no NAME=MODEL: a name has 1 to " +
                    std::to_string(kModelNameLettersMax) +
                    " letters, digits, '-', '_', '.', '/' or ':'",
                "model");
  }
}

FoundModel made_of(const std::string& file, const std::string& name, const SearchPlaces& places) {
  const auto place = catalog::import_place(file, places.imports);
  return {{name, place.directory}, place.file};
}

FoundModel foreign(const std::string& told, const SearchPlaces& places) {
  const catalog::ForeignModel model = catalog::foreign_model(told, places.foreign);
  if (!model.problem.empty())
    throw Error(ErrorCode::kInvalid, "'" + told + "' cannot be served: " + model.problem, "model");
  const std::string name = catalog::own_name(told);
  FoundModel found =
      is_directory(model.path) ? FoundModel{{name, model.path}} : made_of(model.path, name, places);
  found.left_out = model.left_out;
  return found;
}

FoundModel find_by_place(const std::string& name, const SearchPlaces& places) {
  if (is_directory(name)) {
    std::error_code ignored;
    const fs::path directory = fs::canonical(name, ignored);
    if (is_model(directory.string())) return {{directory.filename().string(), directory.string()}};
    if (name != kBuiltIn) refuse_directory(directory.string());
  }
  if (name == kBuiltIn) return {built_in_model(places)};
  if (catalog::is_foreign_name(name)) return foreign(name, places);
  if (catalog::is_gguf(name)) return made_of(name, fs::path(name).stem().string(), places);
  if (catalog::is_import_name(name)) refuse_import(name, places);
  if (hub::is_repository_name(name) || hub::is_old_repository_name(name)) {
    const std::string snapshot = hub::cached_snapshot(name, places.hub);
    if (!snapshot.empty() && is_model(snapshot)) return {{name, snapshot}};
  }
  refuse_name(name, places);
}

}  // namespace

SearchPlaces search_places(const std::string& state_dir) {
  return {platform::executable_path(), hub::cache_directory(), state_dir + "/imported",
          catalog::foreign_places()};
}

wire::LoadRequest built_in_model(const SearchPlaces& places) {
  const fs::path here = fs::path(places.program).parent_path();
  const fs::path candidates[] = {(here / "../../models/smoke").lexically_normal(),
                                 (here / "../share/sanctum/models/smoke").lexically_normal()};
  for (const auto& candidate : candidates) {
    if (hub::has_config(candidate.string())) return {"sanctum-smoke", candidate.string()};
  }
  throw Error(ErrorCode::kNotFound,
              "the built-in model is missing: neither " + candidates[0].string() + " nor " +
                  candidates[1].string() + " has a config.json",
              "model");
}

NamedModel split_name(const std::string& told) {
  const std::size_t equals = told.find('=');
  std::error_code ignored;
  const bool begins_as_path = std::any_of(std::begin(kPathBegins), std::end(kPathBegins),
                                          [&](const char* one) { return told.starts_with(one); });
  if (equals == std::string::npos || begins_as_path || fs::exists(home_expanded(told), ignored))
    return {{}, told};
  check_name(told.substr(0, equals), told);
  return {told.substr(0, equals), told.substr(equals + 1)};
}

FoundModel find_model(const std::string& told, const SearchPlaces& places) {
  const NamedModel named = split_name(told);
  if (named.place.empty())
    throw Error(ErrorCode::kInvalid, "'" + told + "' names no model: it is empty", "model");
  FoundModel found = find_by_place(home_expanded(named.place), places);
  if (!named.name.empty()) found.model = named.name;
  return found;
}

}  // namespace sanctum::supervisor
