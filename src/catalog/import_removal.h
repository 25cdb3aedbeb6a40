// Takes imports away (import_place.h), whole ones and what is left of others.
//
// Contract: nobody may be at them: whoever calls holds the state directory's lock, or knows of the
// server that does. Values; the file system is shared.
#pragma once

#include <string>
#include <vector>

namespace sanctum::catalog {

// Removes a directory, which no start takes for whole from then on; what a killed one leaves of it
// is unfinished. Throws Error(kUnavailable) naming what could not be removed.
void remove_import(const std::string& directory);

// What killed ones left in `imports`, who made or removed one: directories, and locks.
std::vector<std::string> unfinished_imports(const std::string& imports);
// Throws as remove_import.
void remove_unfinished(const std::string& path);

}  // namespace sanctum::catalog
