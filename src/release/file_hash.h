// SHA-256 of files and bytes, in hex, as fast as OpenSSL is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sanctum::release {

struct FileHash {
  std::string sha256;
  std::uint64_t bytes = 0;
};
// Throws Error(kNotFound) for a file that cannot be read.
FileHash hash_file(const std::string& path);
std::string hash_text(std::string_view text);

}  // namespace sanctum::release
