// A directory of the system's for temporary files that this process alone uses, for an outline of a
// GGUF file (gguf_outline.h).
//
// Contract: gone with this object. It is locked (flock) while somebody has it, so that what a
// killed process left is known, and is removed by the next one that is made there.
#pragma once

#include <string>
#include <vector>

namespace sanctum::catalog {

// Where one may be made, the best first: TMPDIR's, then those that every system has.
std::vector<std::string> temporary_directories();

class OutlinePlace {
 public:
  // In `directory`. Throws Error(kUnavailable) naming it.
  explicit OutlinePlace(const std::string& directory);
  ~OutlinePlace();
  OutlinePlace(const OutlinePlace&) = delete;
  OutlinePlace& operator=(const OutlinePlace&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int lock_ = -1;
};

}  // namespace sanctum::catalog
