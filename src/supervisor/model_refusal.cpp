#include "supervisor/model_refusal.h"

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "hub/cache_layout.h"

namespace sanctum::supervisor {
namespace {

namespace fs = std::filesystem;

using hub::cached_repositories;
using hub::has_config;
using hub::is_repository_name;
using hub::kCacheEntriesMax;
using hub::repository_directory;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kNotFound, why, "model");
}

// `named`: as the person knows it.
[[noreturn]] void refuse_gguf(const std::string& named, const std::string& path) {
  refuse(named + " holds a GGUF file, the format of llama.cpp; name the file: `sanctum serve " +
         path + "`");
}

// The first that ends so; empty for none.
std::string file_ending_in(const fs::path& directory, const std::string& extension) {
  std::error_code error;
  std::size_t looked_at = 0;
  for (fs::directory_iterator entry(directory, error), end;
       !error && entry != end && looked_at < kCacheEntriesMax; entry.increment(error), ++looked_at)
    if (entry->path().extension() == extension) return entry->path().filename().string();
  return {};
}

std::vector<std::string> directories_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error, ignored;
  for (fs::directory_iterator entry(directory, error), end;
       !error && entry != end && names.size() < kCacheEntriesMax; entry.increment(error))
    if (entry->is_directory(ignored)) names.push_back(entry->path().filename().string());
  return names;
}

// The only model among the directories in it; empty for none, or several.
std::string only_model_in(const fs::path& directory) {
  std::string found;
  for (const auto& name : directories_in(directory)) {
    const std::string path = (directory / name).string();
    if (!has_config(path)) continue;
    if (!found.empty()) return {};
    found = path;
  }
  return found;
}

void refuse_file(const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return;
  const std::string path = file.string(), extension = file.extension().string();
  const fs::path directory = fs::absolute(file, ignored).parent_path();
  if (has_config(directory.string()))
    refuse(path +
           " is one file of a model; name the directory that it is in: " + directory.string());
  if (extension == ".safetensors")
    refuse(path +
           " holds weights alone; a model is a directory that has its config.json and "
           "tokenizer.json too");
  refuse(path + " is a file; a model is a directory with a config.json");
}

[[noreturn]] void refuse_download(const std::string& name, const std::string& repository) {
  const std::string again = "download it again (`sanctum models pull " + name + "`)";
  const fs::path snapshots = fs::path(repository) / "snapshots";
  const std::string snapshot = only_model_in(snapshots);
  std::error_code ignored;
  if (!fs::exists(fs::path(repository) / "refs" / "main", ignored)) {
    refuse("'" + name + "' is in the cache, but " + repository +
           "/refs/main is missing, which says what version is meant: " +
           (snapshot.empty() ? again : "name one of them, " + snapshot + ", or " + again));
  }
  for (const auto& revision : directories_in(snapshots))
    if (const auto file = file_ending_in(snapshots / revision, ".gguf"); !file.empty())
      refuse_gguf("'" + name + "'", (snapshots / revision / file).string());
  refuse("'" + name + "' is in the cache, but what " + repository +
         "/refs/main names has no config.json: its download did not end; " + again);
}

}  // namespace

void refuse_directory(const std::string& directory) {
  if (const auto file = file_ending_in(directory, ".gguf"); !file.empty()) {
    refuse_gguf("the directory " + directory, (fs::path(directory) / file).string());
  }
  const std::string none = "the directory " + directory + " has no config.json";
  std::string beneath = only_model_in(directory);
  if (beneath.empty()) beneath = only_model_in(fs::path(directory) / "snapshots");
  refuse(none + (beneath.empty() ? ": that is no model" : "; did you mean " + beneath + "?"));
}

void refuse_name(const std::string& name, const SearchPlaces& places) {
  const std::string& hub = places.hub;
  refuse_file(name);
  if (is_repository_name(name) && !hub.empty()) {
    const std::string repository = repository_directory(name, hub);
    std::error_code ignored;
    if (fs::is_directory(repository, ignored)) refuse_download(name, repository);
    refuse("'" + name + "' is neither a directory nor a downloaded model in " + hub +
           did_you_mean(name, cached_repositories(hub)) + "; `sanctum models pull " + name +
           "` downloads it");
  }
  const fs::path path(name);
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::string guess = nearest(path.filename().string(), directories_in(parent));
  if (!guess.empty() && path.has_parent_path()) guess = (parent / guess).string();
  // Ollama's users name a model without who made it.
  if (guess.empty()) {
    for (const auto& repository : cached_repositories(hub))
      if (repository.substr(repository.find('/') + 1) == name) guess = repository;
  }
  if (guess.empty()) {
    for (const auto& model : catalog::foreign_models(places.foreign))
      if (catalog::own_name(model.name) == name ||
          catalog::own_name(model.name) == name + ":latest")
        guess = model.name;
  }
  if (path.extension() == ".gguf")
    refuse("there is no file '" + name + "'" +
           (guess.empty() ? "" : "; did you mean '" + guess + "'?"));
  refuse("there is no directory '" + name + "', and it is no org/name of a downloaded model" +
         (guess.empty() ? "" : "; did you mean '" + guess + "'?") +
         (is_repository_name(name) && hub.empty()
              ? ". There is no home for downloaded models: HOME, HF_HOME and HF_HUB_CACHE are not "
                "set"
              : ""));
}

}  // namespace sanctum::supervisor
