// A file in memory without a name: anonymous_file_linux.cpp, anonymous_file_darwin.cpp.
#pragma once

namespace sanctum::platform {

// Its descriptor, closed on exec; -1 with errno set.
int open_anonymous_file();

}  // namespace sanctum::platform
