// A size on a command line: "2GiB".
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/size_text.h"

namespace sanctum::settings {

// Makes a number of bytes of it.
inline CLI::Validator size_validator() {
  return {[](std::string& text) -> std::string {
            const auto bytes = read_size(text);
            if (!bytes) return "must be a size such as 2GiB, not '" + text + "'";
            text = std::to_string(*bytes);
            return {};
          },
          "SIZE"};
}

}  // namespace sanctum::settings
