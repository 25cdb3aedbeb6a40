// The hashes of several files at once: a release has 120 MB, and a processor without instructions
// for SHA-256 takes a third of a second for them.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "base/file_hash.h"

namespace sanctum::release {

inline constexpr int kHashThreadsMax = 4;

struct HashedFile {
  FileHash hash;
  std::exception_ptr error;  // why it could not be read; null where it could
};

// In the order of `paths`.
std::vector<HashedFile> hash_files(const std::vector<std::string>& paths);

}  // namespace sanctum::release
