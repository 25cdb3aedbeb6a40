// A directory that comes into being as a whole: written beside its place, renamed when complete.
//
// Contract: until commit() nothing stands at `target`, and whatever ends this object before it
// takes away what was written. Of two who write to one target the second is refused; what a killed
// one left, its lock beside it, is removed by the next; without a lock it is not touched.
#pragma once

#include <memory>
#include <string>

#include "platform/lock_file.h"

namespace sanctum::gguf {

// What is written until it is whole, beside `target`.
std::string staging_path(const std::string& target);
// Whether a file called so is that of some target, or the lock of who writes it.
bool is_staging_name(const std::string& name);
bool is_staging_path(const std::string& path);  // not a lock
std::string staging_lock_path(const std::string& staging);
// Of one who was killed: a staging path, and the lock beside it, or a lock alone. Throws
// Error(kBusy) where somebody writes there, and naming what could not be removed, with
// file_error.h.
void remove_staging(const std::string& path);

class StagingDirectory {
 public:
  // Throws Error(kInvalid) when something stands at `target` or is in the way, Error(kBusy) when
  // another process writes there, and as file_error.h says when its parent cannot be
  // written to.
  explicit StagingDirectory(const std::string& target);
  ~StagingDirectory();
  StagingDirectory(const StagingDirectory&) = delete;
  StagingDirectory& operator=(const StagingDirectory&) = delete;

  const std::string& path() const { return path_; }  // to write into
  // Throws as the constructor, leaving nothing.
  void commit();

 private:
  void remove() noexcept;

  std::string target_, path_, lock_path_;
  std::unique_ptr<platform::LockFile> lock_;
};

}  // namespace sanctum::gguf
