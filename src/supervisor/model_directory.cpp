#include "supervisor/model_directory.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "platform/machine.h"

namespace sanctum::supervisor {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kReferenceBytesMax = 256;

bool is_model(const fs::path& directory) {
  std::error_code ignored;
  return fs::is_regular_file(directory / "config.json", ignored);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_repository_name(const std::string& name) {
  const auto legal = [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
  };
  return std::count(name.begin(), name.end(), '/') == 1 && name.front() != '/' &&
         name.back() != '/' && name.find("..") == std::string::npos &&
         std::all_of(name.begin(), name.end(), legal);
}

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

// The snapshot of `org/name` that refs/main names; empty when it is not in the cache.
fs::path cached_snapshot(const std::string& name, const std::string& hub) {
  std::string folder = "models--" + name;
  folder.replace(folder.find('/'), 1, "--");
  const fs::path repository = fs::path(hub) / folder;
  std::string revision;
  try {
    revision = trimmed(read_file((repository / "refs" / "main").string(), kReferenceBytesMax));
  } catch (const Error&) {
    return {};
  }
  const fs::path snapshot = repository / "snapshots" / revision;
  return is_model(snapshot) ? snapshot : fs::path();
}

}  // namespace

SearchPlaces search_places() {
  SearchPlaces places;
  places.program = platform::executable_path();
  places.hub = environment("HF_HUB_CACHE");
  if (places.hub.empty()) {
    const std::string home = environment("HF_HOME");
    if (!home.empty())
      places.hub = home + "/hub";
    else if (const std::string user = environment("HOME"); !user.empty())
      places.hub = user + "/.cache/huggingface/hub";
  }
  return places;
}

wire::LoadRequest built_in_model(const SearchPlaces& places) {
  const fs::path here = fs::path(places.program).parent_path();
  const fs::path candidates[] = {(here / "../../models/smoke").lexically_normal(),
                                 (here / "../share/sanctum/models/smoke").lexically_normal()};
  for (const auto& candidate : candidates) {
    if (is_model(candidate)) return {"sanctum-smoke", candidate.string()};
  }
  throw Error(ErrorCode::kNotFound,
              "the built-in model is missing: neither " + candidates[0].string() + " nor " +
                  candidates[1].string() + " has a config.json",
              "model");
}

wire::LoadRequest find_model(const std::string& name, const SearchPlaces& places) {
  std::error_code ignored;
  if (name.empty()) throw Error(ErrorCode::kInvalid, "a model's name must not be empty", "model");
  if (fs::is_directory(name, ignored)) {
    const fs::path directory = fs::canonical(name, ignored);
    if (!is_model(directory)) {
      throw Error(ErrorCode::kNotFound,
                  "the directory " + directory.string() + " has no config.json", "model");
    }
    return {directory.filename().string(), directory.string()};
  }
  if (!is_repository_name(name)) {
    throw Error(ErrorCode::kNotFound,
                "there is no directory '" + name + "', and it is no org/name of a downloaded model",
                "model");
  }
  if (places.hub.empty())
    throw Error(ErrorCode::kNotFound,
                "'" + name +
                    "' is no directory, and there is no home for downloaded models: HOME, "
                    "HF_HOME and HF_HUB_CACHE are not set",
                "model");
  const fs::path snapshot = cached_snapshot(name, places.hub);
  if (snapshot.empty()) {
    throw Error(ErrorCode::kNotFound,
                "'" + name + "' is neither a directory nor a downloaded model in " + places.hub,
                "model");
  }
  return {name, snapshot.string()};
}

}  // namespace sanctum::supervisor
