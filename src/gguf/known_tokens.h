// What tokens with well-known names are, whatever a file says of them: llama.cpp's list
// (llama-vocab.cpp), and what begins a turn or a header in the same families.
//
// Without </s>, which is a mark of HTML where it is not the metadata's own end.
#pragma once

#include <string_view>

namespace sanctum::gguf {

bool is_control_by_name(std::string_view token);
// Of those that are.
bool ends_answer_by_name(std::string_view token);

}  // namespace sanctum::gguf
