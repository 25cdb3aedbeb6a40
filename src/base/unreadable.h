// Why what is there cannot be looked at: whoever finds nothing asks this before he says that
// nothing is there, because a folder that is another user's looks empty.
#pragma once

#include <string>

namespace sanctum {

// "cannot open /x: Permission denied", of a file's content or a directory's entries; empty where it
// can be read, and where nothing is there (a link to nothing too). Never waits for a pipe.
std::string why_unreadable(const std::string& path);

}  // namespace sanctum
