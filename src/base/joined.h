// Words in a row, for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sanctum {

inline std::string joined(const std::vector<std::string>& words, std::string_view between = ", ") {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? std::string() : std::string(between)) + word;
  return all;
}

}  // namespace sanctum
