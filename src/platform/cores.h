// How many threads that only compute are worth having: the processor's cores, of which two
// hyperthreads are one, as far as this process may use them. Linux: cores_linux.cpp; macOS:
// cores_darwin.cpp.
#pragma once

#include <string>
#include <vector>

namespace sanctum::platform {

// At least 1. Within the processors that the process is bound to and its control group's quota.
int cores_to_use();

// The same of a Linux system whose files begin at `root`, for a process bound to `processors`.
int cores_in(const std::string& root, const std::vector<int>& processors);

}  // namespace sanctum::platform
