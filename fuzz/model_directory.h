// A model's directory whose files are parts of a fuzzer's input. One owner, one at a time.
#pragma once

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/test_directory.h"

namespace sanctum {

inline constexpr char kPartEnd = '\x1E';  // between two files; no JSON has it

class ModelDirectory {
 public:
  explicit ModelDirectory(std::vector<std::string> names) : names_(std::move(names)) {}

  // In the order of the names; what is empty is a file that is not there.
  void fill(std::string_view parts) const {
    for (const std::string& name : names_) {
      const std::string_view part = parts.substr(0, parts.find(kPartEnd));
      put(name, part);
      parts.remove_prefix(std::min(parts.size(), part.size() + 1));
    }
  }
  void put(const std::string& name, std::string_view bytes) const {
    if (bytes.empty())
      std::filesystem::remove(directory_.path(name));
    else
      std::ofstream(directory_.path(name), std::ios::binary) << bytes;
  }
  std::string path() const { return directory_.path(); }

 private:
  const TestDirectory directory_;
  const std::vector<std::string> names_;
};

}  // namespace sanctum
