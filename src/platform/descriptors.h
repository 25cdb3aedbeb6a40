// How many file descriptors this process may have open. Any thread.
#pragma once

#include <cstddef>

namespace sanctum::platform {

// Raises the soft limit towards `wanted`, as far as the hard limit lets it; returns what holds
// then. Never lowers it.
std::size_t raise_descriptor_limit(std::size_t wanted);

}  // namespace sanctum::platform
