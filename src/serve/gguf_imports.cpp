#include "serve/gguf_imports.h"

#include <chrono>
#include <filesystem>

#include "base/clock.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/size_text.h"
#include "catalog/import_removal.h"
#include "catalog/imports.h"
#include "gguf/import.h"
#include "gguf/staging_directory.h"
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
  const auto end = [&](const std::string& directory) {
    const auto imports = fs::path(place.directory).parent_path().string();
    if (catalog::import_place(place.file, imports).directory != place.directory)
      throw Error(ErrorCode::kUnavailable,
                  place.file + " changed while it was imported; start again when it is whole");
    catalog::note_source(directory, place.file);
  };
  const auto result = gguf::import_file(
      place.file, place.directory, [&](std::uint64_t done, std::uint64_t of) { told(done, of); },
      cancelled, end);
  log::info("gguf_imported",
            {{"file", place.file}, {"directory", place.directory}, {"bytes", result.bytes}});
  if (result.left_out > 0)
    log::warn("picture_half_left_out",
              {{"file", place.file}, {"tensors", result.left_out}, {"served", "text alone"}});
}

// What stays takes room alone: no reason not to serve.
void try_to_remove(const std::string& path, const std::string& kind,
                   void (&remove)(const std::string&)) {
  try {
    remove(path);
    log::info(kind + "_removed", {{"path", path}});
  } catch (const Error& error) {
    log::warn(kind + "_kept", {{"path", path}, {"error", error.what()}});
  }
}

}  // namespace

std::string imports_of(const settings::ServeConfig& config) {
  return config.state_dir + "/imported";
}

void settle_imports(const settings::ServeConfig& config) {
  for (const auto& left : catalog::unfinished_imports(imports_of(config)))
    try_to_remove(left, "unfinished_import", gguf::remove_staging);
  for (const auto& place : config.imports)
    if (const auto former = catalog::take_over_import(place); !former.empty())
      log::info("import_taken_over", {{"path", former}, {"directory", place.directory}});
}

void make_imports(const settings::ServeConfig& config, const std::atomic<bool>& cancelled) {
  if (cancelled) return;
  for (const auto& place : config.imports)  // all of them, as room was counted
    for (const auto& outdated : catalog::outdated_imports(place))
      try_to_remove(outdated, "outdated_import", catalog::remove_import);
  for (const auto& place : config.imports) {
    try {
      if (cancelled) return;
      if (!catalog::is_imported(place)) make(place, cancelled);
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
