// Where the model directory of a GGUF file lies that `serve` makes once.
//
//   STATE_DIR/imported/FILE-KEY/               as `sanctum models import` makes it
//                              imported_from   the file's path
//                      .FILE-KEY.importing/    being made (gguf/staging_directory.h)
//                                              or removed (import_removal.h)
//
// FILE is the file's own name, whatever it is served as: all its names share one import.
// KEY is the hash of what tells one file from another without reading all of it: its path, size and
// time of change (ns), its first and last kSampledBytes, and kImportForm. A file that changed thus
// has another directory, and the old one is whole until nobody uses it. A file that was replaced by
// one of the same size, time and ends is taken for the old one.
// Values; the file system is shared.
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::catalog {

inline constexpr std::uint64_t kSampledBytes = 64 * 1024;  // of each end
inline constexpr int kImportForm = 2;  // to be raised when an import makes something else of a file

struct ImportPlace {
  std::string file;       // links resolved
  std::string directory;  // there once it is imported, as a whole
};

// A regular file that begins with "GGUF", or is named so.
bool is_gguf(const std::string& path);

// Throws Error(kNotFound), Error(kDenied), Error(kUnavailable) for a disk's error, Error(kInvalid)
// for what is none, Error(kCorrupt) for one that is cut short meanwhile.
ImportPlace import_place(const std::string& file, const std::string& imports);
bool is_imported(const ImportPlace& place);

// Says in `directory` what it was made of, so that imports_in finds it.
void note_source(const std::string& directory, const std::string& file);
// That it was made of; empty for no import of ours.
std::string noted_source(const std::string& directory);
// Whether `directory` has the place's KEY, whatever it is called before it.
bool has_key_of(const std::string& directory, const ImportPlace& place);

}  // namespace sanctum::catalog
