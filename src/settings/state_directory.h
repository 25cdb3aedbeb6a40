// The directory in which a server keeps its lock, its records and its keys: its user's alone.
#pragma once

#include <string>

namespace sanctum::settings {

// Makes it if need be, for its user alone; makes one private that an earlier version made. Throws
// Error(kUnavailable) saying what to do when nothing can be written there.
void make_state_dir(const std::string& directory);

// One that was just made and is of no use: it goes away with the lock, if it holds nothing else.
void unmake_state_dir(const std::string& directory);

}  // namespace sanctum::settings
