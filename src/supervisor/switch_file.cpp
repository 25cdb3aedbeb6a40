#include "supervisor/switch_file.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace sanctum::supervisor {
namespace {

constexpr std::uint64_t kBytesMax = 4096;

std::string path_in(const std::string& state_directory) {
  return state_directory + "/switches.json";
}

}  // namespace

SwitchesFound read_switches(const std::string& state_directory) {
  const std::string path = path_in(state_directory);
  if (!std::filesystem::exists(path)) return {};
  try {
    const json::Document document(read_file(path, kBytesMax));
    return {wire::decode_switches(document.root()), {}};
  } catch (const Error&) {
    std::error_code ignored;
    std::filesystem::rename(path, path + ".damaged", ignored);
    return {{}, path + ".damaged"};
  }
}

void write_switches(const std::string& state_directory, const wire::Switches& switches) {
  write_file_atomically(path_in(state_directory), wire::encode(switches) + "\n", 0600);
}

}  // namespace sanctum::supervisor
