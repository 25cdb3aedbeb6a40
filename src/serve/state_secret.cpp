#include "serve/state_secret.h"

#include <filesystem>
#include <random>

#include "base/file.h"

namespace sanctum::serve {
namespace {

constexpr std::size_t kDigits = 32;

}  // namespace

std::string state_secret(const std::string& state_directory, const char* file) {
  const std::string path = state_directory + "/" + file;
  if (std::filesystem::exists(path)) {
    std::string secret = read_file(path, 4096);
    if (secret.size() == kDigits) return secret;
  }
  std::random_device random;
  std::string secret;
  while (secret.size() < kDigits) secret += "0123456789abcdef"[random() % 16];
  write_file_atomically(path, secret, 0600);
  return secret;
}

}  // namespace sanctum::serve
