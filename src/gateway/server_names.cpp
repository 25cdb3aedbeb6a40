#include "gateway/server_names.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "gateway/certificate_names.h"

namespace sanctum::gateway {
namespace {

constexpr const char* kOwnNames[] = {"localhost", "127.0.0.1", "::1"};
constexpr std::uint64_t kBytesMax = 1 << 16;  // of server.names

std::string file_of(const std::string& directory) {
  return directory + "/server.names";
}

bool has(const std::vector<std::string>& all, const std::string& name) {
  return std::find(all.begin(), all.end(), name) != all.end();
}

}  // namespace

std::vector<std::string> given_names(const std::string& directory) {
  std::error_code ignored;
  if (!std::filesystem::exists(file_of(directory), ignored)) return {};
  std::istringstream lines(read_file(file_of(directory), kBytesMax));
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);)
    if (is_nameable(line)) all.push_back(canonical_name(line));
  return all;
}

void keep_given_names(const std::string& directory, const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += name + "\n";
  write_file_atomically(file_of(directory), text, 0600);
}

std::vector<std::string> given_besides(std::vector<std::string> given,
                                       const std::vector<std::string>& more) {
  for (const auto& name : more) {
    alternative_name(name);  // throws
    if (const std::string one = canonical_name(name); !has(given, one)) given.push_back(one);
  }
  std::size_t size = std::size(kOwnNames);
  for (const auto& name : given)
    if (std::find(std::begin(kOwnNames), std::end(kOwnNames), name) == std::end(kOwnNames)) ++size;
  if (size > kServerNamesMax)
    throw Error(ErrorCode::kInvalid,
                "server.pem would have " + std::to_string(size) + " names, and " +
                    std::to_string(kServerNamesMax) +
                    " is the most; `sanctum certs init --force` begins anew",
                "name");
  return given;
}

std::vector<std::string> server_names(const std::vector<std::string>& given,
                                      const std::vector<std::string>& wanted,
                                      const std::vector<std::string>& there,
                                      const NameHolds& holds) {
  std::vector<std::string> chosen;
  const auto take = [&](const std::string& name) {
    const std::string one = canonical_name(name);
    if (chosen.size() < kServerNamesMax && !has(chosen, one)) chosen.push_back(one);
  };
  for (const auto& name : kOwnNames) take(name);
  for (const auto& name : given) take(name);
  for (const auto& name : wanted) take(name);
  for (const auto& name : there)
    if (holds(name)) take(name);
  std::vector<std::string> ordered;
  for (const auto& name : there)
    if (const std::string one = canonical_name(name); has(chosen, one) && !has(ordered, one))
      ordered.push_back(one);
  for (const auto& name : chosen)
    if (!has(ordered, name)) ordered.push_back(name);
  return ordered;
}

}  // namespace sanctum::gateway
