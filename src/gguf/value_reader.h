// A value of the metadata, as a file spells it.
#pragma once

#include <string>

#include "gguf/cursor.h"
#include "gguf/metadata.h"

namespace sanctum::gguf {

// Its type and the value, from where the cursor stands. Throws Error(kCorrupt) naming `key`.
Value read_value(Cursor& cursor, const Source& source, const std::string& key);

}  // namespace sanctum::gguf
