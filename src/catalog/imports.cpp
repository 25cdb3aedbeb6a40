#include "catalog/imports.h"

#include <filesystem>

#include "base/error.h"
#include "base/nearest.h"
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

struct Noted {
  std::string directory, source;
};

std::vector<Noted> noted_in(const std::string& imports) {
  std::vector<Noted> all;
  for (const auto& name : names_in(imports, kImportsMax)) {
    const std::string directory = (fs::path(imports) / name).string();
    if (auto source = noted_source(directory); !source.empty())
      all.push_back({directory, std::move(source)});
  }
  return all;
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
    for (const auto& [directory, source] : noted_in(place))
      all.push_back({std::string(kPrefix) + fs::path(directory).filename().string(), directory,
                     source, bytes_in(directory), state_of(directory, source)});
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

std::vector<std::string> outdated_imports(const ImportPlace& place) {
  std::vector<std::string> outdated;
  for (auto& [directory, source] : noted_in(fs::path(place.directory).parent_path().string()))
    if (source == place.file && directory != place.directory) outdated.push_back(directory);
  return outdated;
}

}  // namespace sanctum::catalog
