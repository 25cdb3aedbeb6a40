#include "gateway/tool_name.h"

#include <algorithm>
#include <cctype>

namespace sanctum::gateway {

std::string tool_name_in(const json::Node& node) {
  std::string name = node.as_string();
  const auto legal = [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c == '.';
  };
  if (name.empty() || name.size() > kToolNameBytesMax ||
      !std::all_of(name.begin(), name.end(), legal))
    node.fail("must have 1 to " + std::to_string(kToolNameBytesMax) +
              " letters, digits, '_', '-' or '.'");
  return name;
}

}  // namespace sanctum::gateway
