// What a command line that is wrong is told, with the nearest flag or command that there is.
#pragma once

#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace sanctum {

// For CLI::App::failure_message.
std::string usage_error(const CLI::App* app, const CLI::Error& error);

}  // namespace sanctum
