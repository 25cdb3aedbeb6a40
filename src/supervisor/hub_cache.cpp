#include "supervisor/hub_cache.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"

namespace sanctum::supervisor {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kReferenceBytesMax = 256;
constexpr std::string_view kPrefix = "models--";

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

}  // namespace

bool has_config(const std::string& directory) {
  std::error_code ignored;
  return fs::is_regular_file(fs::path(directory) / "config.json", ignored);
}

bool is_repository_name(const std::string& name) {
  const auto legal = [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
  };
  return std::count(name.begin(), name.end(), '/') == 1 && name.front() != '/' &&
         name.back() != '/' && name.find("..") == std::string::npos &&
         std::all_of(name.begin(), name.end(), legal);
}

std::string repository_directory(const std::string& name, const std::string& hub) {
  std::string folder = std::string(kPrefix) + name;
  folder.replace(folder.find('/'), 1, "--");
  return (fs::path(hub) / folder).string();
}

std::string cached_snapshot(const std::string& name, const std::string& hub) {
  if (hub.empty()) return {};
  const fs::path repository = repository_directory(name, hub);
  std::string revision;
  try {
    revision = trimmed(read_file((repository / "refs" / "main").string(), kReferenceBytesMax));
  } catch (const Error&) {
    return {};
  }
  const fs::path snapshot = repository / "snapshots" / revision;
  return has_config(snapshot.string()) ? snapshot.string() : std::string();
}

std::vector<std::string> cached_repositories(const std::string& hub) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(hub, error), end; !error && entry != end;
       entry.increment(error)) {
    if (names.size() == kCacheEntriesMax) break;
    std::string name = entry->path().filename().string();
    if (name.rfind(kPrefix, 0) != 0) continue;
    name.erase(0, kPrefix.size());
    const std::size_t at = name.find("--");
    if (at != std::string::npos) names.push_back(name.replace(at, 2, "/"));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sanctum::supervisor
