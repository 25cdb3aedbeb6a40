#include "supervisor/model_refusal.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "base/unreadable.h"
#include "catalog/imports.h"
#include "hub/cache_layout.h"
#include "hub/cached_models.h"
#include "hub/gguf_name.h"
#include "hub/model_check.h"
#include "hub/places.h"
#include "hub/repository_kind.h"
#include "hub/repository_word.h"

namespace sanctum::supervisor {
namespace {

namespace fs = std::filesystem;

using hub::cached_repositories;
using hub::has_config;
using hub::is_repository_name;
using hub::kCacheEntriesMax;
using hub::repository_directory;

constexpr std::size_t kShownMax = 12;  // names of a list in a line

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kNotFound, why, "model");
}

std::string listed(const std::vector<std::string>& names, std::size_t from) {
  std::string all;
  for (std::size_t i = from; i < names.size() && i < from + kShownMax; ++i)
    all += (all.empty() ? "" : ", ") + names[i];
  return names.size() > from + kShownMax ? all + ", ..." : all;
}

// `named`: as the person knows it. `files`: in `directory`.
[[noreturn]] void refuse_gguf(const std::string& named, const std::string& directory,
                              const std::vector<std::string>& files) {
  const auto models = hub::gguf_models(files);
  const std::string format = "the format of llama.cpp";
  if (models.empty())
    refuse(named + " holds GGUF files, " + format +
           ", of which none is a model by itself: the picture half of one, or a part of it");
  const std::string first = (fs::path(directory) / models[0]).string();
  if (const auto part = hub::gguf_part_of(first); part.of > 1 && models.size() == 1)
    refuse(named + " holds a GGUF file in " + std::to_string(part.of) +
           " parts: " + hub::merging_advice(first) + ", which can be served");
  if (models.size() == 1)
    refuse(named + " holds a GGUF file, " + format + "; name the file: `sanctum serve " + first +
           "`");
  refuse(named + " holds GGUF files, " + format + "; name one: `sanctum serve " + first +
         "`; others are " + listed(models, 1));
}

std::vector<std::string> entries_in(const fs::path& directory, bool directories) {
  std::vector<std::string> names;
  std::error_code error, ignored;
  for (fs::directory_iterator entry(directory, error), end;
       !error && entry != end && names.size() < kCacheEntriesMax; entry.increment(error))
    if (entry->is_directory(ignored) == directories)
      names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// The directories in it that are models.
std::vector<std::string> models_in(const fs::path& directory) {
  auto names = entries_in(directory, true);
  std::erase_if(names, [&](const auto& name) { return !has_config((directory / name).string()); });
  return names;
}

// In the directories of `directory`, as paths from it.
std::vector<std::string> gguf_beneath(const fs::path& directory) {
  std::vector<std::string> paths;
  for (const auto& folder : entries_in(directory, true))
    for (const auto& file : entries_in(directory / folder, false))
      if (hub::is_gguf_name(file) && paths.size() < kCacheEntriesMax)
        paths.push_back((fs::path(folder) / file).string());
  return paths;
}

// The nearest file or directory beside what is not there, as the person would name it.
std::string nearest_beside(const fs::path& path) {
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  auto names = entries_in(parent, true);
  for (auto& file : entries_in(parent, false))
    if (hub::is_gguf_name(file)) names.push_back(std::move(file));
  const std::string guess = nearest(path.filename().string(), names);
  return guess.empty() || !path.has_parent_path() ? guess : (parent / guess).string();
}

std::string did_you_mean_path(const std::string& guess) {
  return guess.empty() ? "" : "; did you mean '" + guess + "'?";
}

// "gguf/tiny.gguf", or "models/x" where models/ is a directory here: no name of a hub's.
bool is_meant_as_path(const fs::path& path) {
  std::error_code ignored;
  return hub::is_gguf_name(path.string()) ||
         (path.has_parent_path() && fs::is_directory(path.parent_path(), ignored));
}

// What may not be looked at is not taken for absent.
void refuse_unreadable(const std::string& named, const fs::path& path) {
  const std::string why = why_unreadable(path.string());
  if (!why.empty()) refuse((named.empty() ? "" : named + " cannot be served: ") + why);
}

void refuse_file(const fs::path& file) {
  std::error_code ignored;
  refuse_unreadable("", file);
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
  if (!fs::is_regular_file(file, ignored))
    refuse(path + " is no file and no directory, but a pipe, a socket or a device");
  refuse(path + " is a file; a model is a directory with a config.json");
}

// Where refs/main is missing.
[[noreturn]] void refuse_without_main(const std::string& name, const std::string& repository,
                                      const std::string& pull, const std::string& hub) {
  const auto here = hub::cached_revisions(name, hub);
  const auto& first = here.front();
  std::string one;
  if (!first.snapshot.empty())
    one = "; here is " + hub::revisions_here(repository) + ": `sanctum serve " + name + "=" +
          first.snapshot + "` serves it";
  const std::string problem = hub::reference_problem(repository, hub::kMain);
  refuse("'" + name + "' is in the cache, but " +
         (problem.empty() ? repository + "/refs/main is missing" : problem) +
         ", which says what version is meant" + one + "; " + pull + " downloads main");
}

[[noreturn]] void refuse_download(const std::string& name, const std::string& repository,
                                  const std::string& hub) {
  const std::string pull = hub::pull_command(name, hub::kMain);
  const std::string quoted = "'" + name + "'";
  refuse_unreadable(quoted, repository);
  refuse_unreadable(quoted, hub::reference_path(repository, hub::kMain));
  const std::string main = hub::cached_commit(repository, hub::kMain);
  if (main.empty()) refuse_without_main(name, repository, pull, hub);
  const std::string snapshot = hub::snapshot_directory(repository, main);
  refuse_unreadable(quoted, snapshot);
  const auto files = hub::snapshot_files(snapshot);
  const auto kind = hub::kind_of(files);
  if (kind == hub::RepositoryKind::kGguf) refuse_gguf(quoted, snapshot, files);
  if (kind == hub::RepositoryKind::kAdapter)
    refuse(quoted + " cannot be served: " + hub::adapter_advice(snapshot));
  const std::string what =
      quoted + " is in the cache, but what " + repository + "/refs/main names has no config.json";
  const auto has = [&](const char* file) {
    return std::find(files.begin(), files.end(), file) != files.end();
  };
  refuse_unreadable(quoted, fs::path(snapshot) / "config.json");
  if (has("config.json"))
    refuse(quoted + " is in the cache, but config.json in " + snapshot +
           " links to what is not there; " + pull + " loads it");
  if (files.empty()) refuse(what + ": its download did not end; download it again (" + pull + ")");
  refuse(what + ", which says what a model is; " + pull + " loads all that a model needs");
}

bool is_address(const std::string& name) {
  return name.find("://") != std::string::npos || name.starts_with("hf.co/") ||
         name.starts_with("huggingface.co/") ||
         (name.find('/') != std::string::npos && name.find(':') != std::string::npos);
}

// The address of a model's page, or "org/x-GGUF:Q8_0".
[[noreturn]] void refuse_address(const std::string& name) {
  std::string why;
  try {
    const std::string model = hub::read_repository_word(name, hub::endpoint({})).model;
    why = "'" + name + "' is the address of " + model + ": `sanctum models pull " + model +
          "` downloads it, `sanctum serve " + model + "` serves what is downloaded";
  } catch (const Error& error) {
    why = error.what();
  }
  refuse(why);
}

}  // namespace

void refuse_directory(const std::string& directory) {
  refuse_unreadable("", directory);
  const auto in_it = entries_in(directory, false);
  const auto kind = hub::kind_of(in_it);
  if (kind == hub::RepositoryKind::kGguf || !hub::gguf_models(in_it).empty())
    refuse_gguf("the directory " + directory, directory, in_it);
  if (kind == hub::RepositoryKind::kAdapter)
    refuse("the directory " + directory + " cannot be served: " + hub::adapter_advice(directory));
  const std::string none = "the directory " + directory + " has no config.json";
  for (const fs::path& place : {fs::path(directory), fs::path(directory) / "snapshots"}) {
    const auto models = models_in(place);
    if (models.size() == 1) refuse(none + "; did you mean " + (place / models[0]).string() + "?");
    if (!models.empty())
      refuse(none + "; models are in it: name one, " + (place / models[0]).string() + ", or " +
             listed(models, 1));
  }
  if (const auto ggufs = gguf_beneath(directory); !ggufs.empty())
    refuse_gguf("the directory " + directory, directory, ggufs);
  std::error_code ignored;
  const auto config = fs::symlink_status(fs::path(directory) / "config.json", ignored).type();
  if (config != fs::file_type::not_found)
    refuse("config.json in " + directory +
           (config == fs::file_type::symlink ? " is a link that leads to no file" : " is no file"));
  refuse(none + ": that is no model");
}

void refuse_import(const std::string& name, const SearchPlaces& places) {
  std::string source;
  for (const auto& import : catalog::imports_in({places.imports}))
    if (import.name == name) source = import.source;
  throw Error(ErrorCode::kInvalid,
              source.empty()
                  ? "'" + name +
                        "' names what `sanctum serve` makes of a GGUF file: name that file here; "
                        "`sanctum models list` lists what is made"
                  : "'" + name + "' is what `sanctum serve` made of " + source +
                        ": name that file here; the name is for `sanctum models remove`",
              "model");
}

void refuse_name(const std::string& name, const SearchPlaces& places) {
  const std::string& hub = places.hub;
  const bool may_be_downloaded = is_repository_name(name) || hub::is_old_repository_name(name);
  std::error_code ignored;
  // A name is a path too, in a directory that may be shut.
  if (fs::exists(name, ignored) || !may_be_downloaded || is_meant_as_path(name)) refuse_file(name);
  if (may_be_downloaded && !hub.empty()) {
    const std::string repository = repository_directory(name, hub);
    if (is_repository_name(name)) refuse_unreadable("'" + name + "'", repository);
    if (fs::is_directory(repository, ignored)) refuse_download(name, repository, hub);
    if (is_repository_name(name) && !is_meant_as_path(name))
      refuse("'" + name + "' is neither a directory nor a downloaded model in " + hub +
             did_you_mean(name, cached_repositories(hub),
                          "`sanctum models pull " + name + "` downloads it"));
  }
  if (is_address(name)) refuse_address(name);
  const fs::path path(name);
  std::string guess = nearest_beside(path);
  if (is_repository_name(name) && is_meant_as_path(path) && !hub::is_gguf_name(name))
    refuse("there is no '" + name + "' in the directory " +
           fs::absolute(path.parent_path(), ignored).string() +
           ", nor a downloaded model of that name" + did_you_mean_path(guess));
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
  if (hub::is_gguf_name(name)) refuse("there is no file '" + name + "'" + did_you_mean_path(guess));
  refuse("there is no directory '" + name + "', and it is no org/name of a downloaded model" +
         did_you_mean_path(guess) +
         (is_repository_name(name) && hub.empty()
              ? ". There is no home for downloaded models: HOME, HF_HOME and HF_HUB_CACHE are not "
                "set"
              : ""));
}

}  // namespace sanctum::supervisor
