#include "hub/snapshot.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "hub/cache_layout.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";
// Beside snapshots/, where no tool looks, and no file of the model has such a name.
constexpr const char* kStaging = "snapshot.incomplete";
constexpr const char* kLink = "link.incomplete";

// `beside`: where the link is made, to take its place at once.
void link_into(const fs::path& directory, const SnapshotFile& file, const fs::path& beside) {
  const fs::path link = directory / file.path;
  const std::string target = link_target(file.path, file.blob);
  std::error_code ignored;
  if (fs::is_symlink(link, ignored) && fs::read_symlink(link, ignored) == target) return;
  fs::create_directories(link.parent_path());
  fs::remove(beside);
  fs::create_symlink(target, beside);
  fs::rename(beside, link);
}

void write(const fs::path& repository, const std::string& commit,
           const std::vector<SnapshotFile>& files) {
  const fs::path snapshot = snapshot_directory(repository.string(), commit);
  const fs::path beside = repository / kLink;
  fs::create_directories(snapshot.parent_path());
  if (fs::exists(snapshot)) {
    for (const auto& file : files)
      if (file.path != kConfig) link_into(snapshot, file, beside);
    for (const auto& file : files)
      if (file.path == kConfig) link_into(snapshot, file, beside);
    return;
  }
  const fs::path staging = repository / kStaging;
  fs::remove_all(staging);
  fs::create_directory(staging);
  for (const auto& file : files) link_into(staging, file, beside);
  fs::rename(staging, snapshot);
}

}  // namespace

std::string link_target(const std::string& path, const std::string& blob) {
  std::string up = "../../";
  for (auto slashes = std::count(path.begin(), path.end(), '/'); slashes > 0; --slashes)
    up += "../";
  return up + "blobs/" + blob;
}

void write_snapshot(const std::string& repository, const std::string& commit,
                    const std::vector<SnapshotFile>& files) {
  try {
    write(repository, commit, files);
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::kUnavailable, "cannot write the snapshot " +
                                             snapshot_directory(repository, commit) + ": " +
                                             error.code().message());
  }
}

void write_reference(const std::string& repository, const std::string& revision,
                     const std::string& commit) {
  if (revision == commit || cached_commit(repository, revision) == commit) return;
  const std::string path = reference_path(repository, revision);
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  write_file_atomically(path, commit);
}

}  // namespace sanctum::hub
