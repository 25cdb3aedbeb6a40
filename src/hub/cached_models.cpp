#include "hub/cached_models.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/unreadable.h"
#include "hub/cache_layout.h"
#include "hub/model_check.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kConfigBytesMax = 4u << 20;

struct Revision {
  std::string name, commit;
};

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// References to a snapshot that is here, main first, then snapshots that none names.
std::vector<Revision> revisions_of(const std::string& repository) {
  std::vector<Revision> all;
  for (const auto& name : snapshot_files((fs::path(repository) / "refs").string())) {
    const std::string commit = cached_commit(repository, name);
    if (!commit.empty() && is_folder(snapshot_directory(repository, commit)))
      all.insert(name == kMain ? all.begin() : all.end(), {name, commit});
  }
  std::error_code error;
  for (fs::directory_iterator each(fs::path(repository) / "snapshots", error), end;
       !error && each != end && all.size() < kCacheEntriesMax; each.increment(error)) {
    const std::string commit = each->path().filename().string();
    const bool named = std::any_of(all.begin(), all.end(),
                                   [&](const Revision& one) { return one.commit == commit; });
    if (!named && is_folder(each->path())) all.push_back({commit, commit});
  }
  return all;
}

void measure_disk(CachedModel& model) {
  std::error_code error, ignored;
  for (fs::recursive_directory_iterator each(model.directory, error), end; !error && each != end;
       each.increment(error)) {
    if (each->is_symlink(ignored) || !each->is_regular_file(ignored)) continue;
    if (const auto bytes = each->file_size(ignored); !ignored) model.disk_bytes += bytes;
    model.begun |= each->path().extension() == ".incomplete";
  }
}

void measure_snapshot(CachedModel& model) {
  model.files = snapshot_files(model.snapshot);
  if (model.files.empty()) model.problem = why_unreadable(model.snapshot);
  model.kind = kind_of(model.files);
  model.architecture = architecture_in(model.snapshot);
  for (const auto& file : model.files) {
    std::error_code error;
    const fs::path path = fs::path(model.snapshot) / file;
    const auto type = fs::status(path, error).type();
    if (type == fs::file_type::regular) {
      model.bytes += fs::file_size(path, error);
    } else if (type == fs::file_type::not_found) {
      if (model.missing.empty()) model.missing = file;
    } else if (model.problem.empty()) {
      model.problem = why_unreadable(path.string());
      if (model.problem.empty()) model.problem = file + " is no file";
    }
  }
}

// Of one of which nothing is found.
std::string why_nothing(const std::string& repository) {
  for (const auto& place : {repository, (fs::path(repository) / "refs").string(),
                            (fs::path(repository) / "snapshots").string()})
    if (auto why = why_unreadable(place); !why.empty()) return why;
  return reference_problem(repository, kMain);
}

}  // namespace

bool CachedModel::is_main() const {
  return revision == kMain;
}

std::string architecture_in(const std::string& directory) {
  try {
    const json::Document config(read_file(directory + "/config.json", kConfigBytesMax));
    return config.root().as_string_or("model_type", "");
  } catch (const Error&) {  // `sanctum models check` says what is wrong with it
    return {};
  }
}

std::vector<CachedModel> cached_revisions(const std::string& name, const std::string& cache) {
  CachedModel model;
  model.name = name;
  model.directory = repository_directory(name, cache);
  measure_disk(model);
  std::vector<CachedModel> all;
  for (const auto& [revision, commit] : revisions_of(model.directory)) {
    all.push_back(model);
    all.back().begun &= all.size() == 1;
    all.back().revision = revision;
    all.back().commit = commit;
    all.back().snapshot = snapshot_directory(model.directory, commit);
    measure_snapshot(all.back());
  }
  if (all.empty()) {
    model.problem = why_nothing(model.directory);
    all.push_back(std::move(model));
  }
  return all;
}

std::vector<CachedModel> cached_models(const std::string& cache) {
  std::vector<CachedModel> all;
  for (const auto& name : cached_repositories(cache))
    for (auto& model : cached_revisions(name, cache)) all.push_back(std::move(model));
  return all;
}

std::string revisions_here(const std::string& repository) {
  std::string all;
  for (const auto& [name, commit] : revisions_of(repository))
    all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace sanctum::hub
