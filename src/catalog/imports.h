// The model directories that `serve` made of GGUF files (import_place.h), which stay when nobody
// serves them any more.
//
// Contract: what has no note of its source is none of ours, and is neither listed nor removed.
// Values; the file system is shared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/import_place.h"

namespace sanctum::catalog {

enum class ImportSource { kSame, kChanged, kGone };

struct Import {
  std::string name;  // "imported:Tiny-Q8_0-1a2b...": for a person to name it
  std::string directory;
  std::string source;                        // the file that it was made of
  std::uint64_t bytes = 0;                   // on the disk
  ImportSource state = ImportSource::kSame;  // of the file since

  bool of_use() const { return state == ImportSource::kSame; }
};

bool is_import_name(const std::string& name);
// In order of their names in each. `places`: STATE_DIR/imported of servers.
std::vector<Import> imports_in(const std::vector<std::string>& places);
// Throws Error(kNotFound) that guesses what was meant.
Import import_called(const std::string& name, const std::vector<std::string>& places);
// "made of /x.gguf, which is gone".
std::string origin_of(const Import& import);
// Directories beside `place`'s that were made of the same file when it was another.
std::vector<std::string> outdated_imports(const ImportPlace& place);

}  // namespace sanctum::catalog
