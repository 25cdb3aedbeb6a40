#include "hub/model_removal.h"

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "hub/blob_name.h"
#include "hub/cache_layout.h"
#include "hub/model_check.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;

template <class Action>
Removed removing(Action action) {
  Removed removed;
  try {
    action(removed);
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::kUnavailable,
                "cannot remove " + error.path1().string() + ": " + error.code().message());
  }
  return removed;
}

// What goes, wherever it lies: tools that cannot make links have copies in snapshots/. A file with
// several names is gone with the last of them.
class Freed {
 public:
  void add(const fs::path& file) {
    struct stat status{};
    if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    if (++names_[{status.st_dev, status.st_ino}] == status.st_nlink)
      bytes_ += static_cast<std::uint64_t>(status.st_size);
  }
  void add_all(const fs::path& directory) {
    std::error_code none;
    for (fs::recursive_directory_iterator each(directory, none), end; !none && each != end;
         each.increment(none))
      add(each->path());
  }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::map<std::pair<dev_t, ino_t>, nlink_t> names_;
  std::uint64_t bytes_ = 0;
};

std::vector<fs::path> entries_of(const fs::path& directory) {
  std::vector<fs::path> all;
  std::error_code none;
  for (fs::directory_iterator each(directory, none), end; !none && each != end;
       each.increment(none))
    all.push_back(each->path());
  return all;
}

// The references that name `commit`, as "main" or "a/branch".
std::vector<std::string> references_to(const std::string& repository, const std::string& commit) {
  std::vector<std::string> all;
  const fs::path directory = fs::path(repository) / "refs";
  for (const auto& name : snapshot_files(directory.string()))
    if (cached_commit(repository, name) == commit) all.push_back(name);
  return all;
}

// The names of the blobs that the snapshots which are left link to.
std::set<std::string> blobs_in_use(const fs::path& repository) {
  std::set<std::string> used;
  for (const auto& snapshot : entries_of(repository / "snapshots"))
    for (const auto& file : snapshot_files(snapshot.string())) {
      const fs::path path = snapshot / file;
      if (fs::is_symlink(path)) used.insert(fs::read_symlink(path).filename().string());
    }
  return used;
}

}  // namespace

Removed remove_model(const std::string& repository) {
  return removing([&](Removed& removed) {
    const fs::path directory = repository;
    Freed freed;
    freed.add_all(directory);
    for (const auto& blob : entries_of(directory / "blobs")) removed.shared += fs::is_symlink(blob);
    for (const char* part : {"refs", "snapshots", "blobs"}) fs::remove_all(directory / part);
    fs::remove_all(directory);
    removed.bytes = freed.bytes();
  });
}

Removed remove_revision(const std::string& repository, const std::string& revision) {
  const std::string commit = cached_commit(repository, revision);
  const fs::path directory = repository;
  const fs::path snapshot = snapshot_directory(repository, commit);
  if (commit.empty() || !fs::is_directory(snapshot))
    throw Error(ErrorCode::kNotFound, "no revision '" + revision + "' in " + repository,
                "revision");
  return removing([&](Removed& removed) {
    for (const auto& name : references_to(repository, commit))
      fs::remove(reference_path(repository, name));
    Freed freed;
    freed.add_all(snapshot);
    std::set<std::string> its;
    for (const auto& file : snapshot_files(snapshot.string()))
      if (fs::is_symlink(snapshot / file))
        its.insert(fs::read_symlink(snapshot / file).filename().string());
    fs::remove_all(snapshot);
    fs::remove(directory / "trees" / (commit + ".json"));
    const auto used = blobs_in_use(directory);
    for (const auto& blob : its) {
      if (used.count(blob) > 0 || !is_blob_name(blob)) continue;
      freed.add(directory / "blobs" / blob);
      removed.shared += fs::is_symlink(directory / "blobs" / blob);
      fs::remove(directory / "blobs" / blob);
    }
    removed.bytes = freed.bytes();
    // Nothing is left that anybody could take for a download that goes on.
    if (entries_of(directory / "snapshots").empty() && entries_of(directory / "blobs").empty())
      fs::remove_all(directory);
  });
}

}  // namespace sanctum::hub
