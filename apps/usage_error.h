// What a command line that is wrong is told, with the nearest flag or command that there is.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace sanctum {

// For CLI::App::failure_message.
std::string usage_error(const CLI::App* app, const CLI::Error& error);

// Of a word like llama.cpp's -hf, which a parser takes for -h and something behind it: it is no
// wish for help. Empty where there is none.
std::string help_by_slip(const std::vector<std::string>& words);

}  // namespace sanctum
