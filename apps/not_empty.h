// A word that says nothing is refused: a script whose variable is not set means something else than
// whoever leaves the word out, who has the widest meaning of it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace sanctum {

// For CLI::Option::check.
inline CLI::Validator not_empty() {
  return CLI::Validator(
      [](std::string& text) {
        return text.empty() ? std::string("it is empty; leave it out, or name one") : std::string();
      },
      "");
}

}  // namespace sanctum
