// Asks a running server's own probe `boots` whether it would come up again: only the server knows
// how it was started.
#pragma once

#include <string>
#include <vector>

#include "probes/check.h"

namespace sanctum::serve {

// What it finds now, not what it found last; waits for it. Throws Error where it cannot be asked or
// does not end in time.
std::vector<probes::Check> ask_boots(const std::string& state_directory);

}  // namespace sanctum::serve
