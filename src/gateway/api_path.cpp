#include "gateway/api_path.h"

#include <algorithm>
#include <string_view>

namespace sanctum::gateway {
namespace {

constexpr std::string_view kVersion = "/v1";
// What only an API has; no page and no command is called so.
constexpr std::string_view kUnderVersion[] = {"/chat/completions", "/completions", "/models",
                                              "/messages", "/responses"};

bool is_or_below(const std::string& path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

}  // namespace

std::string canonical_path(const std::string& told) {
  std::string path;
  for (const char c : told)
    if (c != '/' || path.empty() || path.back() != '/') path += c;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  // A base URL that ends in /v1, and a client that adds it once more.
  while (path.starts_with("/v1/v1/")) path.erase(0, kVersion.size());
  const bool bare = std::any_of(std::begin(kUnderVersion), std::end(kUnderVersion),
                                [&](std::string_view root) { return is_or_below(path, root); });
  return bare ? std::string(kVersion) + path : path;
}

}  // namespace sanctum::gateway
