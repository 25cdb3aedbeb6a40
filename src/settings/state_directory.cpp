#include "settings/state_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>

#include "base/file_error.h"
#include "base/log.h"
#include "platform/private_files.h"

namespace sanctum::settings {
namespace {

namespace fs = std::filesystem;

// Says that the whole directory is ours: nothing else was in it when it was first used.
constexpr const char* kMark = ".sanctum-state";
// What servers, and commands before the first one, leave in their directory; also with more behind
// a dot or a dash.
constexpr const char* kOurs[] = {"lock",     "keys",    "certs",     "releases",     "journal",
                                 "switches", "serving", "control",   "goldens",      "probe",
                                 "by-hand",  "weights", "local_key", "unit-backups", "watch",
                                 "imported", ".trial"};

void try_to_write(const std::string& directory) {
  const std::string trial = directory + "/.trial." + std::to_string(::getpid());
  const int fd = ::open(trial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    throw Error(ErrorCode::kUnavailable,
                "cannot write to the state directory " + directory + ": " + file_error_text(errno) +
                    "; make it writable, or name another one with --state-dir");
  ::close(fd);
  ::unlink(trial.c_str());
}

bool is_our_name(const std::string& name) {
  return std::any_of(std::begin(kOurs), std::end(kOurs), [&](const std::string& ours) {
    return name.starts_with(ours) &&
           (name.size() == ours.size() || name[ours.size()] == '.' || name[ours.size()] == '-');
  });
}

// Somebody's home, named by mistake, is not ours to close to others; nor is it when it is named
// again, and has our files as well.
bool is_a_state_directory(const std::string& directory) {
  std::error_code error;
  if (fs::exists(directory + "/" + kMark, error)) return true;
  fs::directory_iterator each(directory, error), end;
  for (; !error && each != end; each.increment(error)) {
    if (!is_our_name(each->path().filename().string())) return false;
  }
  return !error;
}

// Quietly: one that cannot be written to is said to be so in a moment.
void mark(const std::string& directory) {
  const int fd = ::open((directory + "/" + kMark).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

}  // namespace

void make_state_dir(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error || !fs::is_directory(directory, error))
    throw Error(ErrorCode::kUnavailable,
                "cannot make the state directory " + directory + ": " +
                    (error ? file_error_text(error.value()) : "something else is there") +
                    "; name another one with --state-dir");
  if (is_a_state_directory(directory)) {
    mark(directory);
    if (const std::string left = platform::make_private(directory); !left.empty())
      log::warn("state_dir_left_open", {{"what", left}, {"why", "its mode cannot be changed"}});
  } else {
    log::warn("state_dir_left_open",
              {{"directory", directory}, {"why", "it holds what is not ours; only our files are"}});
  }
  try_to_write(directory);
}

void unmake_state_dir(const std::string& directory) {
  std::error_code ignored;
  fs::remove(directory + "/" + kMark, ignored);
  fs::remove(directory + "/imported", ignored);
  fs::remove(directory + "/lock", ignored);
  fs::remove(directory, ignored);
}

}  // namespace sanctum::settings
