// What people type who come from Ollama, llama.cpp or mlx_lm, and what does its work here: for
// usage errors alone, so that the first try tells the second. docs/from-*.md have the whole tables.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace sanctum {

// Of a command, or of a flag of `serve`; empty where it is nobody's.
std::string here_instead(std::string_view word);
// Of a command of `sanctum models`, likewise.
std::string here_instead_of_models(std::string_view word);
// Of a command that other programs, or shells, have for `remove`.
bool means_remove(std::string_view word);

}  // namespace sanctum
