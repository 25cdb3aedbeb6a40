#include "models/files_state.h"

#include <cstdint>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/error.h"
#include "base/sha256.h"
#include "base/weight_files.h"

namespace sanctum::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 10000;

std::set<std::string> files_read(const std::string& directory) {
  std::set<std::string> files;
  try {
    files = weight_files(directory);
  } catch (const Error&) {  // the load says so
  }
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (files.size() >= kFilesMax) break;
    const std::string kind = at->path().extension().string();
    if (kind == ".json" || kind == ".jinja") files.insert(at->path().string());
  }
  return files;
}

}  // namespace

std::string files_state(const std::string& directory) {
  std::string all;
  for (const fs::path file : files_read(directory)) {
    std::error_code gone;
    const auto bytes = fs::file_size(file, gone);  // of what a link leads to
    if (gone) continue;
    // A standard library may count in more than 64 bits.
    const auto written =
        static_cast<std::int64_t>(fs::last_write_time(file, gone).time_since_epoch().count());
    if (gone) continue;
    all += file.filename().string() + "/" + std::to_string(bytes) + "/" + std::to_string(written) +
           "\n";
  }
  return to_hex(sha256(all));
}

}  // namespace sanctum::models
