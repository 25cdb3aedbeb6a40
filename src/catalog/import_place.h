// Where the model directory of a GGUF file lies that `serve` makes once.
//
//   STATE_DIR/imported/NAME-KEY/               as `sanctum models import` makes it
//                              imported_from   the file's path
//
// KEY is the hash of what tells one file from another without reading all of it: its path, size and
// time of change (ns), its first and last kSampledBytes, and kImportForm. A file that changed thus
// has another directory, and the old one is whole until nobody uses it. A file that was replaced by
// one of the same size, time and ends is taken for the old one.
// Values; the file system is shared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sanctum::catalog {

inline constexpr std::uint64_t kSampledBytes = 64 * 1024;  // of each end
inline constexpr int kImportForm = 1;  // to be raised when an import makes something else of a file

struct ImportPlace {
  std::string file;       // links resolved
  std::string directory;  // there once it is imported, as a whole
};

// A regular file that begins with "GGUF", or is named so.
bool is_gguf(const std::string& path);

// `name`: what the directory's own name begins with; letters that no path wants become '_'. Throws
// Error(kNotFound), Error(kUnavailable) for a file that cannot be read.
ImportPlace import_place(const std::string& file, const std::string& name,
                         const std::string& imports);
bool is_imported(const ImportPlace& place);

// Says in `directory` what it was made of, so that outdated_imports finds it.
void note_source(const std::string& directory, const std::string& file);
// Directories that were made of the same file when it was another.
std::vector<std::string> outdated_imports(const ImportPlace& place);

}  // namespace sanctum::catalog
