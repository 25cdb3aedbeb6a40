// The list of a release's files with their hashes. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sanctum::release {

inline constexpr std::size_t kReleaseFilesMax = 2000;

struct ReleaseFile {
  std::string name;  // "bin/sanctum"; below the release's directory
  std::uint64_t bytes = 0;
  std::string sha256;
  bool operator==(const ReleaseFile&) const = default;
};

struct Manifest {
  std::string version;
  std::vector<ReleaseFile> files;  // by name
};

std::string encode(const Manifest& manifest);
// Throws Error(kInvalid); a name that leads out of the directory is one too.
Manifest decode_manifest(std::string_view text);
// The name of a release: of its manifest's text.
std::string release_id(std::string_view encoded);

}  // namespace sanctum::release
