// A value of the metadata, as a file spells it.
#pragma once

#include <string>

#include "gguf/cursor.h"
#include "gguf/metadata.h"
#include "gguf/reader.h"

namespace sanctum::gguf {

struct MetadataRoom {
  std::uint64_t left = kMetadataBytesMax;  // bytes of memory, for the values to come
};

// Its type and the value, from where the cursor stands; what it takes of memory is taken from
// `room` before. Throws Error(kCorrupt) naming `key`.
Value read_value(Cursor& cursor, const Source& source, const std::string& key, MetadataRoom& room);

}  // namespace sanctum::gguf
