// SHA-256 of a file's bytes, in hex.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace sanctum {

struct FileHash {
  std::string sha256;
  std::uint64_t bytes = 0;
};
// `go_on` is asked after every piece, with the bytes so far; it may take its time. Nothing once it
// says no. Throws Error(kNotFound) for a file that cannot be read.
std::optional<FileHash> hash_file(const std::string& path,
                                  const std::function<bool(std::uint64_t bytes)>& go_on);
FileHash hash_file(const std::string& path);

}  // namespace sanctum
