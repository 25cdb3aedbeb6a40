#include "release/file_store.h"

#include <unistd.h>

#include <filesystem>

#include "platform/clone_file.h"

namespace sanctum::release {
namespace fs = std::filesystem;

void FileStore::place(const std::string& from, const std::string& sha256,
                      const std::string& to) const {
  if (platform::share_blocks(from, to)) return;
  if (!directory_.empty() && link_to(from, sha256, to)) return;
  platform::clone_file(from, to);
}

bool FileStore::link_to(const std::string& from, const std::string& sha256,
                        const std::string& to) const {
  const std::string stored = directory_ + "/" + sha256;
  std::error_code error;
  if (!fs::exists(stored, error)) {
    const std::string beside = stored + "." + std::to_string(::getpid());
    fs::create_directories(directory_, error);
    if (error) return false;
    fs::copy_file(from, beside, fs::copy_options::overwrite_existing, error);
    if (!error) fs::rename(beside, stored, error);
    if (error) {
      std::error_code ignored;
      fs::remove(beside, ignored);
      return false;
    }
  }
  fs::create_hard_link(stored, to, error);  // it may lie on another disk
  return !error;
}

void FileStore::forget(const std::string& sha256) const {
  if (directory_.empty()) return;
  std::error_code ignored;
  fs::remove(directory_ + "/" + sha256, ignored);
}

void FileStore::sweep() const {
  if (directory_.empty()) return;
  std::error_code error, ignored;
  for (fs::directory_iterator each(directory_, error), end; !error && each != end;
       each.increment(error))
    if (fs::hard_link_count(each->path(), ignored) == 1) fs::remove(each->path(), ignored);
}

}  // namespace sanctum::release
