// Why what a person named is no model, and what to do: a GGUF file's directory, one file of a
// model, a download that did not finish, a slip of the pen.
#pragma once

#include <string>

#include "supervisor/model_directory.h"

namespace sanctum::supervisor {

// A directory without a config.json. Throws Error(kNotFound).
[[noreturn]] void refuse_directory(const std::string& directory);
// imported:NAME, as `sanctum models list` calls what was made of a GGUF file: that file is served.
// Throws Error(kInvalid).
[[noreturn]] void refuse_import(const std::string& name, const SearchPlaces& places);
// Neither a directory nor a model of the cache. Throws Error(kNotFound).
[[noreturn]] void refuse_name(const std::string& name, const SearchPlaces& places);

}  // namespace sanctum::supervisor
