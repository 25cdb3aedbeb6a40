#include "catalog/imports.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/nearest.h"
#include "catalog/import_removal.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "imported:";
constexpr std::size_t kImportsMax = 1000;  // that are looked at
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

// Whatever they are called, but for those that are being made or removed.
std::vector<Noted> noted_in(const std::string& imports) {
  std::vector<Noted> all;
  std::size_t seen = 0;
  std::error_code error;
  for (fs::directory_iterator each(imports, error), end;
       !error && each != end && seen < kImportsMax; each.increment(error), ++seen) {
    if (each->path().filename().string().starts_with('.')) continue;
    if (auto source = noted_source(each->path().string()); !source.empty())
      all.push_back({each->path().string(), std::move(source)});
  }
  std::sort(all.begin(), all.end(),
            [](const Noted& a, const Noted& b) { return a.directory < b.directory; });
  return all;
}

std::vector<Noted> noted_beside(const ImportPlace& place) {
  return noted_in(fs::path(place.directory).parent_path().string());
}

// What does not answer now, a disk or who may not look, says nothing of the file.
ImportSource state_of(const std::string& directory, const std::string& source) {
  std::error_code error;
  const fs::file_type type = fs::status(source, error).type();
  if (type == fs::file_type::not_found) return ImportSource::kGone;
  if (error) return ImportSource::kNotTold;
  if (type != fs::file_type::regular) return ImportSource::kChanged;
  try {
    const bool same = has_key_of(directory, import_place(source, {}));
    return same ? ImportSource::kSame : ImportSource::kChanged;
  } catch (const Error&) {
    return ImportSource::kNotTold;
  }
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
  std::optional<Import> found;
  std::vector<std::string> names;
  for (auto& one : imports_in(places)) {
    std::error_code ignored;
    if (one.name != name)
      names.push_back(one.name);
    else if (found && !fs::equivalent(found->directory, one.directory, ignored))
      throw Error(ErrorCode::kInvalid,
                  "there is a '" + name + "' in " + found->directory + " and one in " +
                      one.directory + "; --state-dir DIR says in which DIR/imported it is meant",
                  "state_dir");
    else
      found = std::move(one);
  }
  if (found) return std::move(*found);
  std::string looked;
  for (const auto& place : places) looked += (looked.empty() ? "" : ", ") + place;
  throw Error(ErrorCode::kNotFound,
              "there is no '" + name + "' in " + looked +
                  did_you_mean(name, names, "`sanctum models list` lists what there is"),
              "name");
}

std::string origin_of(const Import& import) {
  std::string text = "made of " + import.source;
  if (import.state == ImportSource::kGone) text += ", which is gone";
  if (import.state == ImportSource::kChanged)
    text += ", which has changed since or is imported otherwise now";
  if (import.state == ImportSource::kNotTold) text += ", which cannot be read now";
  return text;
}

std::vector<std::string> outdated_imports(const ImportPlace& place) {
  std::vector<std::string> outdated;
  for (auto& [directory, source] : noted_beside(place))
    if (source == place.file && directory != place.directory) outdated.push_back(directory);
  return outdated;
}

std::string take_over_import(const ImportPlace& place) {
  if (is_imported(place)) return {};
  for (const auto& [directory, source] : noted_beside(place)) {
    const bool whole = is_imported({source, directory});
    if (!whole || source != place.file || !has_key_of(directory, place)) continue;
    std::error_code error;
    fs::rename(directory, place.directory, error);
    if (!error) return directory;
  }
  return {};
}

std::uint64_t bytes_to_come(const std::vector<ImportPlace>& places, const std::string& imports) {
  std::uint64_t sum = 0;
  for (const auto& left : unfinished_imports(imports)) sum += bytes_in(left);
  for (const auto& place : places)
    for (const auto& outdated : outdated_imports(place)) sum += bytes_in(outdated);
  return sum;
}

}  // namespace sanctum::catalog
