#include "hub/cached_models.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "hub/cache_layout.h"
#include "hub/model_check.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kConfigBytesMax = 4u << 20;

void measure_disk(CachedModel& model) {
  std::error_code error, ignored;
  for (fs::recursive_directory_iterator each(model.directory, error), end; !error && each != end;
       each.increment(error)) {
    if (each->is_symlink(ignored) || !each->is_regular_file(ignored)) continue;
    if (const auto bytes = each->file_size(ignored); !ignored) model.disk_bytes += bytes;
    model.begun |= each->path().extension() == ".incomplete";
  }
}

}  // namespace

std::string architecture_in(const std::string& directory) {
  try {
    const json::Document config(read_file(directory + "/config.json", kConfigBytesMax));
    return config.root().as_string_or("model_type", "");
  } catch (const Error&) {  // `sanctum models check` says what is wrong with it
    return {};
  }
}

CachedModel cached_model(const std::string& name, const std::string& cache) {
  CachedModel model;
  model.name = name;
  model.directory = repository_directory(name, cache);
  model.commit = cached_commit(model.directory, kMain);
  model.snapshot = cached_snapshot(name, cache);
  measure_disk(model);
  if (model.snapshot.empty()) return model;
  model.architecture = architecture_in(model.snapshot);
  for (const auto& file : snapshot_files(model.snapshot)) {
    std::error_code error;
    const auto bytes = fs::file_size(fs::path(model.snapshot) / file, error);
    if (error)
      model.begun = true;
    else
      model.bytes += bytes;
  }
  return model;
}

std::vector<CachedModel> cached_models(const std::string& cache) {
  std::vector<CachedModel> all;
  for (const auto& name : cached_repositories(cache)) all.push_back(cached_model(name, cache));
  return all;
}

}  // namespace sanctum::hub
