// Whole files, with errors that name the path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sanctum {

// Throws Error(kNotFound) for a missing file and Error(kCorrupt) for one over `bytes_max`.
std::string read_file(const std::string& path, std::uint64_t bytes_max = 1ull << 30);
// Replaces the file as a whole (written beside, synced, renamed), so that a reader or a power cut
// sees the old or the new content.
void write_file_atomically(const std::string& path, std::string_view bytes, unsigned mode = 0644);

}  // namespace sanctum
