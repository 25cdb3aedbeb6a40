#include "catalog/imports.h"

#include <filesystem>

#include "base/error.h"
#include "base/nearest.h"
#include "catalog/import_place.h"
#include "catalog/inside.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "imported:";
constexpr std::size_t kFilesMax = 10'000;  // of one, that are measured

std::uint64_t bytes_in(const std::string& directory) {
  std::uint64_t sum = 0;
  std::size_t seen = 0;
  std::error_code error, ignored;
  for (fs::recursive_directory_iterator each(directory, error), end;
       !error && each != end && seen < kFilesMax; each.increment(error), ++seen)
    if (const auto bytes = each->file_size(ignored); !ignored) sum += bytes;
  return sum;
}

ImportSource state_of(const std::string& directory, const std::string& source) {
  std::error_code ignored;
  if (!fs::exists(source, ignored)) return ImportSource::kGone;
  return is_made_of(directory, source) ? ImportSource::kSame : ImportSource::kChanged;
}

}  // namespace

bool is_import_name(const std::string& name) {
  return name.starts_with(kPrefix);
}

std::vector<Import> imports_in(const std::vector<std::string>& places) {
  std::vector<Import> all;
  for (const auto& place : places)
    for (const auto& name : names_in(place, kImportsMax)) {
      const std::string directory = (fs::path(place) / name).string();
      const std::string source = noted_source(directory);
      if (source.empty()) continue;
      all.push_back({std::string(kPrefix) + name, directory, source, bytes_in(directory),
                     state_of(directory, source)});
    }
  return all;
}

Import import_called(const std::string& name, const std::vector<std::string>& places) {
  std::vector<std::string> names;
  for (auto& import : imports_in(places)) {
    if (import.name == name) return std::move(import);
    names.push_back(import.name);
  }
  std::string looked;
  for (const auto& place : places) looked += (looked.empty() ? "" : ", ") + place;
  throw Error(ErrorCode::kNotFound,
              "there is no '" + name + "' in " + looked + did_you_mean(name, names) +
                  "; `sanctum models list` lists what there is",
              "name");
}

std::string origin_of(const Import& import) {
  std::string text = "made of " + import.source;
  if (import.state == ImportSource::kGone) text += ", which is gone";
  if (import.state == ImportSource::kChanged) text += ", which has changed since";
  return text;
}

void remove_import(const Import& import) {
  std::error_code error;
  // Without it the directory is no model any more, and a start makes it anew.
  fs::remove(fs::path(import.directory) / "config.json", error);
  fs::remove_all(import.directory, error);
  if (error)
    throw Error(ErrorCode::kUnavailable,
                "cannot remove " + import.directory + ": " + error.message());
}

}  // namespace sanctum::catalog
