// Takes imports away (import_place.h), whole ones and what is left of others.
//
// Contract: nobody may be at them: whoever calls holds the state directory's lock, or knows of the
// server that does. Values; the file system is shared.
#pragma once

#include <string>
#include <vector>

namespace sanctum::catalog {

// Removes a directory, which no start takes for whole from then on; what a killed one leaves of it
// is unfinished. Throws Error naming what could not be removed, Error(kBusy) where it is made anew.
void remove_import(const std::string& directory);

// What killed ones left in `imports`, who made or removed one: directories, and locks without one.
// gguf::remove_staging removes it, unless somebody is at it.
std::vector<std::string> unfinished_imports(const std::string& imports);

}  // namespace sanctum::catalog
