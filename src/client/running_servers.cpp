#include "client/running_servers.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "platform/lock_file.h"

namespace sanctum::client {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kNoteBytesMax = 16 * 1024;

// By the lock that every process of a server holds: files and numbers of processes outlive it.
bool is_held(const std::string& state_dir) {
  try {
    return platform::LockFile::holder(state_dir + "/lock").has_value();
  } catch (const Error&) {  // by whom nobody can say
    return true;
  }
}

// Beside the default state directory; empty where there is no home.
std::string notes_directory(const Environment& environment) {
  try {
    return default_state_dir(environment) + "-running";
  } catch (const Error&) {
    return {};
  }
}

std::string note_of(int pid, const Environment& environment) {
  const std::string directory = notes_directory(environment);
  return directory.empty() ? "" : directory + "/" + std::to_string(pid);
}

// Empty for a note that cannot be read: another one's, or gone meanwhile.
std::string state_dir_in(const std::string& note) {
  try {
    std::string state_dir = read_file(note, kNoteBytesMax);
    while (!state_dir.empty() && state_dir.back() == '\n') state_dir.pop_back();
    return state_dir;
  } catch (const Error&) {
    return {};
  }
}

void add(std::vector<RunningServer>& all, const std::string& state_dir) {
  const bool known = std::any_of(all.begin(), all.end(), [&](const RunningServer& server) {
    std::error_code ignored;
    return server.state_dir == state_dir || fs::equivalent(server.state_dir, state_dir, ignored);
  });
  if (known) return;
  if (auto server = server_in(state_dir)) all.push_back(std::move(*server));
}

void forget_the_gone(const fs::path& notes) {
  std::error_code error, ignored;
  for (fs::directory_iterator note(notes, error), end; !error && note != end; note.increment(error))
    if (!is_held(state_dir_in(note->path().string()))) fs::remove(note->path(), ignored);
}

}  // namespace

void note_running(const std::string& state_dir, int pid, const Environment& environment) {
  const std::string note = note_of(pid, environment);
  if (note.empty()) return;
  try {
    fs::create_directories(fs::path(note).parent_path());
    forget_the_gone(fs::path(note).parent_path());
    write_file_atomically(note, state_dir + "\n", 0600);
  } catch (const std::exception& error) {
    log::debug("running_not_noted", {{"error", error.what()}});
  }
}

void forget_running(int pid, const Environment& environment) {
  std::error_code ignored;
  if (const std::string note = note_of(pid, environment); !note.empty()) fs::remove(note, ignored);
}

std::optional<RunningServer> server_in(const std::string& state_dir) {
  if (!is_held(state_dir)) return std::nullopt;
  return RunningServer{state_dir, read_serving(state_dir).value_or(Serving{})};
}

std::vector<RunningServer> running_servers(const Environment& environment) {
  std::vector<RunningServer> all;
  const std::string directory = notes_directory(environment);
  if (directory.empty()) return all;
  add(all, default_state_dir(environment));
  std::size_t looked_at = 0;
  std::error_code error;
  for (fs::directory_iterator note(directory, error), end;
       !error && note != end && looked_at < kRunningServersMax;
       note.increment(error), ++looked_at) {
    if (const std::string state_dir = state_dir_in(note->path().string()); !state_dir.empty())
      add(all, state_dir);
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.state_dir < b.state_dir; });
  return all;
}

std::optional<RunningServer> only_running_server(const Environment& environment) {
  const auto all = running_servers(environment);
  if (all.size() < 2) return all.empty() ? std::nullopt : std::optional(all.front());
  std::string list;
  for (const auto& [state_dir, serving] : all)
    list += "\n  --state-dir " + state_dir + "   (" +
            (serving.http.empty() ? serving.mtls : serving.http) + ")";
  throw Error(ErrorCode::kInvalid, "several servers run; say which:" + list, "state_dir");
}

std::optional<RunningServer> server_meant(const EndpointOptions& options,
                                          const Environment& environment) {
  const std::string url =
      !options.url.empty() ? options.url : environment("SANCTUM_URL").value_or(std::string());
  const auto listens_there = [&](const RunningServer& server) {
    const std::string address = normalized_url(url);
    return address == "http://" + server.serving.http ||
           address == "https://" + server.serving.mtls;
  };
  if (!options.state_dir.empty()) {
    auto server = server_in(options.state_dir);
    if (!url.empty()) return server && listens_there(*server) ? server : std::nullopt;
    if (server) return server;
    throw Error(ErrorCode::kUnavailable,
                "no server runs with the state directory " + options.state_dir +
                    "; `sanctum serve --state-dir " + options.state_dir + "` starts one",
                "state_dir");
  }
  if (url.empty()) return only_running_server(environment);
  for (auto& server : running_servers(environment))
    if (listens_there(server)) return server;
  return std::nullopt;
}

}  // namespace sanctum::client
