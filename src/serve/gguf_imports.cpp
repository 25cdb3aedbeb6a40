#include "serve/gguf_imports.h"

#include <chrono>
#include <filesystem>

#include "base/clock.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/size_text.h"
#include "gguf/import.h"
#include "platform/service_manager.h"

namespace sanctum::serve {
namespace {

namespace fs = std::filesystem;
using catalog::ImportPlace;

constexpr std::chrono::seconds kTellEvery{2};
constexpr std::chrono::seconds kNextWithin{120};  // what the service manager grants until then

class Told {
 public:
  explicit Told(const std::string& file) : file_(file) {}
  void operator()(std::uint64_t done, std::uint64_t of) {
    if (Clock::now() - last_ < kTellEvery) return;
    last_ = Clock::now();
    platform::notify_manager(platform::more_time(kNextWithin));
    log::info("gguf_import", {{"file", file_},
                              {"done", size_text(done)},
                              {"of", size_text(of)},
                              {"percent", of == 0 ? 100 : done * 100 / of}});
  }

 private:
  const std::string& file_;
  Instant last_ = Clock::now();
};

void make(const ImportPlace& place, const std::atomic<bool>& cancelled) {
  fs::create_directories(fs::path(place.directory).parent_path());
  log::info("gguf_import_begun", {{"file", place.file}, {"directory", place.directory}});
  Told told(place.file);
  const auto result = gguf::import_file(
      place.file, place.directory, [&](std::uint64_t done, std::uint64_t of) { told(done, of); },
      cancelled);
  const fs::path directory(place.directory);
  const auto now = catalog::import_place(place.file, "", directory.parent_path().string());
  const std::string key = fs::path(now.directory).filename().string().substr(1);  // "-KEY"
  if (!place.directory.ends_with(key)) {
    std::error_code ignored;
    fs::remove_all(directory, ignored);
    throw Error(ErrorCode::kUnavailable,
                place.file + " changed while it was imported; start again when it is whole");
  }
  catalog::note_source(place.directory, place.file);
  log::info("gguf_imported",
            {{"file", place.file}, {"directory", place.directory}, {"bytes", result.bytes}});
}

void remove_outdated(const ImportPlace& place) {
  for (const auto& directory : catalog::outdated_imports(place)) {
    std::error_code error;
    fs::remove_all(directory, error);
    log::info("outdated_import_removed", {{"directory", directory}, {"file", place.file}});
  }
}

}  // namespace

void make_imports(const settings::ServeConfig& config, const std::atomic<bool>& cancelled) {
  for (const auto& place : config.imports) {
    try {
      if (cancelled) return;
      if (!catalog::is_imported(place)) make(place, cancelled);
      remove_outdated(place);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kCancelled) return;
      throw Exit{kExitFailure, "cannot import " + place.file + ": " + error.what()};
    } catch (const fs::filesystem_error& error) {
      throw Exit{kExitFailure, "cannot import " + place.file + ": " + error.what()};
    }
  }
}

std::string not_imported(const settings::ServeConfig& config) {
  for (const auto& place : config.imports)
    if (!catalog::is_imported(place))
      return place.file +
             " is new, or has changed, and is imported by a start alone: `sanctum stop`, then "
             "`sanctum serve` as before";
  return {};
}

}  // namespace sanctum::serve
