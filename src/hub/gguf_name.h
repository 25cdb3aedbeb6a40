// What the name of a GGUF file tells, as those who publish them choose it. Pure.
#pragma once

#include <string>

namespace sanctum::hub {

bool is_gguf_name(const std::string& path);     // ends in .gguf
bool is_picture_half(const std::string& path);  // "mmproj-model-f16.gguf": no model by itself

// "model-00001-of-00003.gguf"; of a whole one 1 of 1.
struct GgufPart {
  int at = 1, of = 1;
};
GgufPart gguf_part_of(const std::string& path);

// "`llama-gguf-split --merge FIRST WHOLE.gguf` makes one of them".
std::string merging_advice(const std::string& first_part);

}  // namespace sanctum::hub
