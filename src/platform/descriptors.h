// The file descriptors of this process: how many it may have, and the first three.
#pragma once

#include <cstddef>

namespace sanctum::platform {

// Raises the soft limit towards `wanted`, as far as the hard limit lets it; returns what holds
// then. Never lowers it.
// Any thread.
std::size_t raise_descriptor_limit(std::size_t wanted);

// Opens what is closed of standard input, output and error on nothing: or the next file that is
// opened becomes it, and is read or written as such. To be called first of all.
void open_standard_streams();

}  // namespace sanctum::platform
