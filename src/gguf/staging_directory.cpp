#include "gguf/staging_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/file_error.h"

namespace sanctum::gguf {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUnfinished = ".importing";
constexpr const char* kLock = ".import-lock";

std::string beside(const fs::path& target, const char* ending) {
  return (target.parent_path() / ("." + target.filename().string() + ending)).string();
}

[[noreturn]] void fail(const std::string& what, const std::string& path,
                       const std::error_code& error) {
  throw Error(file_error_code(error.value()),
              what + " " + path + ": " + file_error_text(error.value()), "path");
}

void refuse_what_is_there(const std::string& target) {
  std::error_code error;
  const fs::file_type type = fs::symlink_status(target, error).type();
  if (type == fs::file_type::not_found) return;
  if (type == fs::file_type::none) fail("cannot look at", target, error);
  throw Error(ErrorCode::kInvalid,
              target + " is there already; name another directory, or remove it first", "path");
}

bool is_absent(const std::string& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() == fs::file_type::not_found;
}

// Whoever ends removes the file, so that what was opened before that and locked after it is
// nobody's.
std::unique_ptr<platform::LockFile> lock_of(const std::string& path) {
  auto lock = std::make_unique<platform::LockFile>(path);
  while (!lock->is_at(path)) lock = std::make_unique<platform::LockFile>(path);
  return lock;
}

// Names in a directory outlive a power cut once it is synced; not every file system can.
void sync_directory(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

std::string staging_path(const std::string& target) {
  return beside(target, kUnfinished);
}

bool is_staging_name(const std::string& name) {
  return name.starts_with('.') && (name.ends_with(kUnfinished) || name.ends_with(kLock));
}

std::string staging_lock_path(const std::string& staging) {
  return staging.substr(0, staging.size() - std::string_view(kUnfinished).size()) + kLock;
}

bool is_staging_path(const std::string& path) {
  return path.ends_with(kUnfinished) && is_staging_name(fs::path(path).filename().string());
}

void remove_staging(const std::string& path) {
  const std::string lock_path = is_staging_path(path) ? staging_lock_path(path) : path;
  if (is_absent(path) && is_absent(lock_path)) return;
  const auto lock = lock_of(lock_path);
  std::error_code error;
  if (lock_path != path) fs::remove_all(path, error);
  if (error) fail("cannot remove", path, error);
  fs::remove(lock_path, error);
  if (error) fail("cannot remove", lock_path, error);
}

StagingDirectory::StagingDirectory(const std::string& target)
    : target_(fs::path(target).lexically_normal().string()) {
  while (target_.size() > 1 && target_.back() == '/') target_.pop_back();
  refuse_what_is_there(target_);
  const fs::path place(target_);
  const std::string parent = place.has_parent_path() ? place.parent_path().string() : ".";
  std::error_code error;
  if (!fs::is_directory(parent, error))
    throw Error(ErrorCode::kNotFound, parent + " is no directory: make it first", "path");
  path_ = staging_path(target_);
  lock_path_ = beside(place, kLock);
  lock_ = lock_of(lock_path_);
  // Whoever was killed left his lock beside what he wrote.
  if (!lock_->was_held() && !is_absent(path_)) {
    fs::remove(lock_path_, error);
    throw Error(ErrorCode::kInvalid,
                path_ +
                    " is in the way, and is nothing that an import left; name another "
                    "directory, or move it",
                "path");
  }
  // A power cut must not leave what is written without the lock that says whose it was.
  ::fsync(lock_->descriptor());
  sync_directory(parent);
  try {
    refuse_what_is_there(target_);  // another may have made it before the lock was free
    fs::remove_all(path_, error);   // of one who was killed
    if (error) fail("cannot remove", path_, error);
    fs::create_directory(path_, error);
    if (error) fail("cannot make", path_, error);
  } catch (...) {
    remove();
    throw;
  }
}

StagingDirectory::~StagingDirectory() {
  if (lock_) remove();
}

void StagingDirectory::remove() noexcept {
  std::error_code error;
  fs::remove_all(path_, error);
  if (!error) fs::remove(lock_path_, error);  // or the next would not know whose it is
  lock_.reset();
}

void StagingDirectory::commit() {
  sync_directory(path_);
  refuse_what_is_there(target_);
  std::error_code error;
  fs::rename(path_, target_, error);
  if (error) fail("cannot make", target_, error);
  const fs::path parent = fs::path(target_).parent_path();
  sync_directory(parent.empty() ? "." : parent.string());
  fs::remove(lock_path_, error);
  lock_.reset();
}

}  // namespace sanctum::gguf
