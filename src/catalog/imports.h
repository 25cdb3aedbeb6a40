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

enum class ImportSource {
  kSame,
  kChanged,  // or an import makes something else of it now
  kGone,
  kNotTold,  // it cannot be looked at now
};

struct Import {
  std::string name;  // "imported:Tiny-Q8_0-1a2b...": for a person to name it
  std::string directory;
  std::string source;                        // the file that it was made of
  std::uint64_t bytes = 0;                   // on the disk
  ImportSource state = ImportSource::kSame;  // of the file since

  // Also where that cannot be told.
  bool of_use() const { return state == ImportSource::kSame || state == ImportSource::kNotTold; }
};

bool is_import_name(const std::string& name);
// In order of their names in each. `places`: STATE_DIR/imported of servers.
std::vector<Import> imports_in(const std::vector<std::string>& places);
// Throws Error(kNotFound) that guesses what was meant, and Error(kInvalid) naming two that are
// called so: two servers made one of the same file each.
Import import_called(const std::string& name, const std::vector<std::string>& places);
// "made of /x.gguf, which is gone".
std::string origin_of(const Import& import);
// Directories beside `place`'s that were made of the same file, when it was another or under
// another name.
std::vector<std::string> outdated_imports(const ImportPlace& place);
// Gives one that was made of the file as it is now, under another name, the place's. Says which;
// empty for none. Whoever calls holds the state directory's lock.
std::string take_over_import(const ImportPlace& place);
// On the disk, of what a start with these places removes from `imports` before it makes any.
std::uint64_t bytes_to_come(const std::vector<ImportPlace>& places, const std::string& imports);

}  // namespace sanctum::catalog
