#include "serve/running_release.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "client/endpoint.h"
#include "platform/executing.h"
#include "platform/machine.h"
#include "platform/process.h"
#include "release/release_copy.h"
#include "supervisor/model_directory.h"

namespace sanctum::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLibrariesLimit{10'000};
constexpr std::size_t kLibrariesBytesMax = 1u << 20;
constexpr std::uint64_t kLibraryBytesMax = 512u << 20;  // a larger one is used where it is

std::string read_to_end(int fd) {
  const Instant deadline = Clock::now() + kLibrariesLimit;
  std::string text;
  char bytes[4096];
  while (text.size() < kLibrariesBytesMax) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd readable{fd, POLLIN, 0};
    if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) <= 0) break;
    const ssize_t count = ::read(fd, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(bytes, static_cast<std::size_t>(count));
  }
  throw Error(ErrorCode::kDeadline, "the engine does not say which libraries it runs with");
}

std::vector<std::string> libraries_of(const std::string& engine) {
  platform::Process process({engine, {"--libraries", "3"}, {}, {}});
  const int fd = process.take_socket();
  std::istringstream lines(read_to_end(fd));
  ::close(fd);
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) {
    if (fs::file_size(line) <= kLibraryBytesMax) all.push_back(line);
  }
  return all;
}

std::vector<release::ReleaseSource> sources() {
  const fs::path program = platform::executable_path();
  const fs::path engine = program.parent_path() / "sanctum-engine";
  std::vector<release::ReleaseSource> all{{program.string(), "bin/sanctum"},
                                          {engine.string(), "bin/sanctum-engine"}};
  for (const auto& library : libraries_of(engine.string()))
    all.push_back({library, "lib/" + fs::path(library).filename().string()});
  const fs::path model = supervisor::built_in_model(supervisor::search_places()).path;
  for (const auto& entry : fs::directory_iterator(model)) {
    if (entry.is_regular_file())
      all.push_back({entry.path().string(),
                     "share/sanctum/models/smoke/" + entry.path().filename().string()});
  }
  return all;
}

// One for all state directories; none where there is no home.
release::FileStore store() {
  try {
    return release::FileStore(client::default_state_dir() + "-files");
  } catch (const Error&) {
    return release::FileStore({});
  }
}

std::string releases_of(const std::string& state_directory) {
  return state_directory + "/releases";
}

}  // namespace

RunningRelease keep_running_release(const std::string& state_directory) try {
  const std::string releases = releases_of(state_directory), keys = state_directory + "/certs";
  // Its engine's libraries need not be anywhere but in there any more.
  auto kept = release_we_run_from(state_directory);
  if (kept)
    release::verify_release(kept->directory, keys);
  else
    kept =
        RunningRelease{release::keep_release(releases, SANCTUM_VERSION, sources(), keys, store())};
  release::make_current(releases, kept->directory);
  return *kept;
} catch (const fs::filesystem_error& error) {
  throw Error(ErrorCode::kUnavailable, error.what());
}

std::string current_program(const std::string& state_directory) {
  return release::current_release(releases_of(state_directory)) + "/bin/sanctum";
}

std::optional<RunningRelease> release_we_run_from(const std::string& state_directory) {
  const fs::path release = fs::path(platform::executable_path()).parent_path().parent_path();
  std::error_code error;
  if (release.parent_path() != fs::weakly_canonical(releases_of(state_directory), error))
    return std::nullopt;
  return RunningRelease{release.string()};
}

std::pair<std::string, std::string> library_path(const RunningRelease& release) {
  const char* name = platform::library_path_variable();
  const char* before = std::getenv(name);
  const bool any = before != nullptr && *before != '\0';
  return {name, release.libraries() + (any ? std::string(":") + before : "")};
}

}  // namespace sanctum::serve
