// How long a safetensors file says that it is, from its header alone.
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::hub {

inline constexpr std::uint64_t kSafetensorsHeaderBytesMax = 100ull << 20;  // the format's own limit

// Bytes. Throws Error(kCorrupt) for a header that is none, Error(kUnavailable) for a file that
// cannot be read.
std::uint64_t safetensors_length(const std::string& path);

}  // namespace sanctum::hub
