#include "client/running_servers.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace sanctum::client {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kNoteBytesMax = 16 * 1024;

bool runs(int pid) {
  return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
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

void add(std::vector<RunningServer>& all, const std::string& state_dir) {
  const bool known = std::any_of(all.begin(), all.end(), [&](const RunningServer& server) {
    std::error_code ignored;
    return server.state_dir == state_dir || fs::equivalent(server.state_dir, state_dir, ignored);
  });
  if (known) return;
  if (auto server = server_in(state_dir)) all.push_back(std::move(*server));
}

}  // namespace

void note_running(const std::string& state_dir, int pid, const Environment& environment) {
  const std::string note = note_of(pid, environment);
  if (note.empty()) return;
  try {
    fs::create_directories(fs::path(note).parent_path());
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
  auto serving = read_serving(state_dir);
  if (!serving || !(runs(serving->pid) || runs(serving->gateway_pid))) return std::nullopt;
  return RunningServer{state_dir, std::move(*serving)};
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
    try {
      std::string state_dir = read_file(note->path().string(), kNoteBytesMax);
      while (!state_dir.empty() && state_dir.back() == '\n') state_dir.pop_back();
      add(all, state_dir);
    } catch (const Error&) {  // another one's, or gone meanwhile
      continue;
    }
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
  if (!options.state_dir.empty()) {
    auto server = server_in(options.state_dir);
    if (server || !url.empty()) return server;
    throw Error(ErrorCode::kUnavailable,
                "no server runs with the state directory " + options.state_dir +
                    "; `sanctum serve --state-dir " + options.state_dir + "` starts one",
                "state_dir");
  }
  if (url.empty()) return only_running_server(environment);
  const std::string address = normalized_url(url);
  for (auto& server : running_servers(environment)) {
    if (address == "http://" + server.serving.http || address == "https://" + server.serving.mtls)
      return server;
  }
  return std::nullopt;
}

}  // namespace sanctum::client
