#include "hub/cache_layout.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/unreadable.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kReferenceBytesMax = 256;
constexpr std::size_t kRevisionLettersMax = 200;
constexpr std::size_t kCommitDigits = 40;
constexpr std::string_view kPrefix = "models--";

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

std::string folder_name(const std::string& name) {
  std::string folder = std::string(kPrefix) + name;
  const std::size_t slash = folder.find('/');
  return slash == std::string::npos ? folder : folder.replace(slash, 1, "--");
}

bool is_name_letter(unsigned char c) {
  return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
}

}  // namespace

bool has_config(const std::string& directory) {
  std::error_code ignored;
  return fs::is_regular_file(fs::path(directory) / "config.json", ignored);
}

bool is_repository_name(const std::string& name) {
  return std::count(name.begin(), name.end(), '/') == 1 && name.front() != '/' &&
         name.front() != '.' && name.back() != '/' && name.find("/.") == std::string::npos &&
         name.find("..") == std::string::npos &&
         std::all_of(name.begin(), name.end(), is_name_letter);
}

bool is_old_repository_name(const std::string& name) {
  return name.find('/') == std::string::npos && name.find("--") == std::string::npos &&
         is_repository_name("org/" + name);
}

std::string pull_command(const std::string& name, const std::string& revision,
                         const std::string& options) {
  const bool old = is_old_repository_name(name);
  return "`sanctum models pull " + (old ? "ORG/" + name : name) +
         (revision.empty() || revision == kMain ? "" : " --revision " + revision) + options + "`" +
         (old ? " (ORG: who made it)" : "");
}

std::string repository_directory(const std::string& name, const std::string& hub) {
  return (fs::path(hub) / folder_name(name)).string();
}

std::string locks_directory(const std::string& name, const std::string& hub) {
  return (fs::path(hub) / ".locks" / folder_name(name)).string();
}

std::string snapshot_directory(const std::string& repository, const std::string& commit) {
  return (fs::path(repository) / "snapshots" / commit).string();
}

std::string blob_path(const std::string& repository, const std::string& blob) {
  return (fs::path(repository) / "blobs" / blob).string();
}

std::string reference_path(const std::string& repository, const std::string& revision) {
  return (fs::path(repository) / "refs" / revision).string();
}

bool is_commit(const std::string& text) {
  return text.size() == kCommitDigits && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

bool is_revision(const std::string& text) {
  return !text.empty() && text.size() <= kRevisionLettersMax && text.front() != '/' &&
         text.front() != '.' && text.front() != '-' && text.back() != '/' &&
         text.find("..") == std::string::npos && text.find("//") == std::string::npos &&
         text.find("/.") == std::string::npos &&
         std::all_of(text.begin(), text.end(), is_name_letter);
}

std::string cached_commit(const std::string& repository, const std::string& revision) {
  if (is_commit(revision)) return revision;
  if (!is_revision(revision)) return {};
  std::string commit;
  try {
    commit = trimmed(read_file(reference_path(repository, revision), kReferenceBytesMax));
  } catch (const Error&) {
    return {};
  }
  // A test's or a person's may be any word, but never a way out of snapshots/.
  return is_revision(commit) && commit.find('/') == std::string::npos ? commit : std::string();
}

std::string reference_problem(const std::string& repository, const std::string& revision) {
  if (!is_revision(revision)) return {};
  const std::string path = reference_path(repository, revision);
  if (auto why = why_unreadable(path); !why.empty()) return why;
  std::error_code ignored;
  const auto there = fs::symlink_status(path, ignored).type();
  if (there == fs::file_type::directory) return {};  // of "refs/pr/1"
  return there != fs::file_type::not_found && cached_commit(repository, revision).empty()
             ? path + " names no commit"
             : "";
}

std::string cached_snapshot(const std::string& name, const std::string& hub) {
  if (hub.empty()) return {};
  const std::string repository = repository_directory(name, hub);
  const std::string commit = cached_commit(repository, kMain);
  if (commit.empty()) return {};
  const std::string snapshot = snapshot_directory(repository, commit);
  return has_config(snapshot) ? snapshot : std::string();
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
    if (at != std::string::npos)
      names.push_back(name.replace(at, 2, "/"));
    else if (is_old_repository_name(name))
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sanctum::hub
