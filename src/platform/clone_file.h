// Copies of files that share their blocks where the file system can: clone_file_linux.cpp,
// clone_file_darwin.cpp.
#pragma once

#include <string>

namespace sanctum::platform {

// False where the file system cannot, and then there is no `to`. Throws as clone_file.
bool share_blocks(const std::string& from, const std::string& to);

// `to` must not exist; it gets the mode of `from`. Nothing is synced to the disk. Throws
// Error(kUnavailable) naming the file.
void clone_file(const std::string& from, const std::string& to);

}  // namespace sanctum::platform
