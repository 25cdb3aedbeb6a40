#include "catalog/lm_studio.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "catalog/inside.h"
#include "hub/cache_layout.h"
#include "hub/gguf_name.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "lmstudio:";
constexpr const char* kOwner = "LM Studio";

std::uint64_t bytes_in(const fs::path& directory) {
  std::uint64_t sum = 0;
  std::error_code ignored;
  for (const auto& name : names_in(directory, kEntriesMax))
    if (const auto bytes = fs::file_size(directory / name, ignored); !ignored) sum += bytes;
  return sum;
}

// Why what an MLX model's folder holds is not to be read; empty for nothing.
std::string why_not(const fs::path& folder, const std::string& directory) {
  std::size_t entries = 0;
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    if (++entries > kEntriesMax)
      return "its folder has over " + std::to_string(kEntriesMax) + " entries";
    if (!lies_inside(each->path(), directory))
      return why_not_inside("its " + each->path().filename().string(), each->path(), directory,
                            kOwner);
  }
  return error ? "it cannot be read: " + error.message() : "";
}

ForeignModel gguf_model(const std::string& name, const fs::path& file,
                        const std::string& directory) {
  ForeignModel model{name, kOwner, file.string()};
  std::error_code error;
  if (const auto bytes = fs::file_size(file, error); !error) model.bytes = bytes;
  if (error) model.problem = "it cannot be read: " + error.message();
  if (auto why = why_not_inside("it", file, directory, kOwner); !why.empty()) model.problem = why;
  if (const auto part = hub::gguf_part_of(file.filename().string()); part.of > 1)
    model.problem =
        "it is one of " + std::to_string(part.of) + " files: " + hub::merging_advice(file.string());
  if (!model.problem.empty()) model.path.clear();
  return model;
}

// Of PUBLISHER/REPO, in `folder`.
std::vector<ForeignModel> models_of(const std::string& repository, const fs::path& folder,
                                    const std::string& directory) {
  const std::string name = std::string(kPrefix) + repository;
  std::vector<ForeignModel> all;
  std::error_code ignored;
  if (fs::is_regular_file(folder, ignored)) return {};
  if (auto why = why_unreadable(folder.string()); !why.empty())
    return {{name, kOwner, {}, 0, std::move(why)}};
  if (hub::has_config(folder.string())) {
    ForeignModel model{name, kOwner, folder.string(), bytes_in(folder)};
    model.problem = why_not(folder, directory);
    if (!model.problem.empty()) model.path.clear();
    return {model};
  }
  std::vector<std::string> files;
  bool pictures = false;
  for (const auto& file : names_in(folder, kEntriesMax)) {
    if (!hub::is_gguf_name(file) || hub::gguf_part_of(file).at != 1 ||
        fs::is_other(folder / file, ignored))
      continue;
    pictures |= hub::is_picture_half(file);
    if (!hub::is_picture_half(file)) files.push_back(file);
  }
  for (const auto& file : files) {
    all.push_back(
        gguf_model(files.size() == 1 ? name : name + "/" + file, folder / file, directory));
    if (pictures) all.back().left_out = "its picture half (mmproj) is not read: text alone";
  }
  return all;
}

std::vector<std::string> parts_of(const std::string& told) {
  const std::string text = own_name(told);
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (std::size_t slash; (slash = text.find('/', at)) != std::string::npos; at = slash + 1)
    parts.push_back(text.substr(at, slash - at));
  parts.push_back(text.substr(at));
  if (parts.size() >= 2 && parts.size() <= 3 &&
      std::all_of(parts.begin(), parts.end(), is_plain_part))
    return parts;
  throw Error(
      ErrorCode::kInvalid,
      "'" + told +
          "' is no name of a model of LM Studio's; they are like lmstudio:PUBLISHER/REPO, or "
          "lmstudio:PUBLISHER/REPO/FILE.gguf where there are several files",
      "model");
}

}  // namespace

std::vector<std::string> lm_studio_directories(const hub::Environment& environment) {
  const auto home = environment("HOME");
  if (!home) return {};
  return {*home + "/.lmstudio/models", *home + "/.cache/lm-studio/models"};
}

bool is_lm_studio_name(const std::string& name) {
  return name.starts_with(kPrefix);
}

std::vector<ForeignModel> lm_studio_models(const std::string& directory) {
  std::vector<ForeignModel> all;
  for (const auto& publisher : names_in(directory, kEntriesMax))
    for (const auto& repository : names_in(fs::path(directory) / publisher, kEntriesMax))
      for (auto& model : models_of(publisher + "/" + repository,
                                   fs::path(directory) / publisher / repository, directory))
        if (all.size() < kEntriesMax) all.push_back(std::move(model));
  return all;
}

std::optional<ForeignModel> lm_studio_model(const std::string& told, const std::string& directory) {
  const auto parts = parts_of(told);
  const fs::path folder = fs::path(directory) / parts[0] / parts[1];
  std::error_code ignored;
  if (parts.size() == 3) {
    if (fs::symlink_status(folder / parts[2], ignored).type() == fs::file_type::not_found)
      return std::nullopt;
    return gguf_model(told, folder / parts[2], directory);
  }
  auto all = models_of(parts[0] + "/" + parts[1], folder, directory);
  if (all.empty()) return std::nullopt;
  if (all.size() == 1) return all.front();
  std::string names;
  for (const auto& model : all) names += (names.empty() ? "" : ", ") + model.name;
  throw Error(ErrorCode::kInvalid, "'" + told + "' has several files; name one: " + names, "model");
}

}  // namespace sanctum::catalog
