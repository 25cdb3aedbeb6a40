// Whole files, with errors that name the path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sanctum {

// Throws Error(kNotFound) for a missing file, Error(kDenied) for one that may not be read and
// Error(kCorrupt) for one over `bytes_max`.
std::string read_file(const std::string& path, std::uint64_t bytes_max = 1ull << 30);
// As read_file; nothing where there is no file of that name. A link is one, wherever it leads.
std::optional<std::string> read_file_if_there(const std::string& path, std::uint64_t bytes_max);
// Replaces the file as a whole (written beside, synced, renamed), so that a reader or a power cut
// sees the old or the new content.
void write_file_atomically(const std::string& path, std::string_view bytes, unsigned mode = 0644);

}  // namespace sanctum
