// Files that are nobody else's business.
#pragma once

#include <string>

namespace sanctum::platform {

// What this process makes from now on, and what it starts, is for its own user alone.
void make_files_private();
// Takes what others may do with the directory, and with all that lies below it and is ours, away.
// Links are not followed. Returns what could not be changed, empty for nothing.
std::string make_private(const std::string& directory);

}  // namespace sanctum::platform
