#include "engine/model_files_state.h"

#include <cstdint>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/sha256.h"

namespace sanctum::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 10000;

}  // namespace

std::string model_files_state(const std::string& directory) {
  std::set<std::string> files;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (files.size() == kFilesMax) break;
    std::error_code gone;
    const auto bytes = fs::file_size(at->path(), gone);  // of what a link leads to
    if (gone) continue;
    // A standard library may count in more than 64 bits.
    const auto written =
        static_cast<std::int64_t>(fs::last_write_time(at->path(), gone).time_since_epoch().count());
    if (gone) continue;
    files.insert(at->path().filename().string() + "/" + std::to_string(bytes) + "/" +
                 std::to_string(written) + "\n");
  }
  std::string all;
  for (const std::string& file : files) all += file;
  return to_hex(sha256(all));
}

}  // namespace sanctum::engine
