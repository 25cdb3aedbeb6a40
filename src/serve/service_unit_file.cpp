#include "serve/service_unit_file.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "serve/running_release.h"
#include "serve/service_arguments.h"

namespace sanctum::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kUnitBytesMax = 1 << 20;

// Newest first: their names are times.
std::vector<fs::path> backups(const std::string& state_directory) {
  std::vector<fs::path> all;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(unit_backups_of(state_directory), none))
    all.push_back(entry.path());
  std::sort(all.rbegin(), all.rend());
  return all;
}

void keep_backup(const std::string& text, const std::string& state_directory) {
  const auto kept = backups(state_directory);
  if (!kept.empty() && read_file(kept.front().string(), kUnitBytesMax) == text) return;
  fs::create_directories(unit_backups_of(state_directory));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  write_file_atomically(unit_backups_of(state_directory) + "/" + std::to_string(ms), text, 0600);
  for (std::size_t i = kUnitBackupsMax - 1; i < kept.size(); ++i) fs::remove(kept[i]);
}

}  // namespace

std::string text_of(const supervisor::ServiceUnit& unit, platform::ServiceScope scope) {
  return platform::service_form() == platform::ServiceForm::kSystemd
             ? supervisor::systemd_unit(unit, scope == platform::ServiceScope::kSystem)
             : supervisor::launchd_plist(unit);
}

supervisor::ServiceUnit parse_unit(const std::string& text) {
  return platform::service_form() == platform::ServiceForm::kSystemd
             ? supervisor::parse_systemd_unit(text)
             : supervisor::parse_launchd_plist(text);
}

std::optional<std::string> unit_text(platform::ServiceScope scope) {
  const std::string file = platform::service_file(scope);
  std::error_code none;
  if (!fs::exists(file, none)) return std::nullopt;
  return read_file(file, kUnitBytesMax);
}

std::optional<supervisor::ServiceUnit> unit_on_disk(platform::ServiceScope scope) {
  try {
    const auto text = unit_text(scope);
    if (!text) return std::nullopt;
    return parse_unit(*text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string unit_backups_of(const std::string& state_directory) {
  return state_directory + "/unit-backups";
}

void write_unit(const std::string& text, platform::ServiceScope scope,
                const std::string& state_directory) {
  const std::string file = platform::service_file(scope);
  const auto before = unit_text(scope);
  std::error_code error;
  fs::create_directories(fs::path(file).parent_path(), error);
  write_file_atomically(file, text, 0644);
  const std::string wrong = platform::service_lint(file);
  if (!wrong.empty()) {
    before ? write_file_atomically(file, *before, 0644) : void(fs::remove(file));
    throw Error(ErrorCode::kInvalid, "the system refuses the unit file: " + wrong);
  }
  keep_backup(text, state_directory);
}

std::optional<std::string> find_backup(const std::vector<std::string>& arguments,
                                       const std::string& state_directory) {
  auto through_current = arguments;
  if (!arguments.empty()) through_current[0] = current_program(state_directory);
  for (const auto& path : backups(state_directory)) {
    try {
      std::string text = read_file(path.string(), kUnitBytesMax);
      const auto starts = settled_command(parse_unit(text).arguments, "/");
      if (starts == arguments || starts == through_current) return text;
    } catch (const Error&) {
      continue;  // a damaged backup helps nobody
    }
  }
  return std::nullopt;
}

}  // namespace sanctum::serve
