#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <vector>

#include "base/error.h"
#include "platform/command.h"
#include "platform/service_manager.h"

namespace sanctum::platform {
namespace {

constexpr const char* kUnit = "sanctum.service";

std::vector<std::string> systemctl(ServiceScope scope, std::vector<std::string> words) {
  std::vector<std::string> all{"systemctl"};
  if (scope == ServiceScope::kUser) all.emplace_back("--user");
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

void must(ServiceScope scope, std::vector<std::string> words) {
  const auto command = systemctl(scope, std::move(words));
  auto result = run_command(command, kServiceCallLimit);
  if (result.status.signal == 0 && result.status.code == 0) return;
  while (result.output.ends_with('\n')) result.output.pop_back();
  throw Error(ErrorCode::kUnavailable, "`" + joined(command) + "` " + describe(result.status) +
                                           (result.output.empty() ? "" : ": " + result.output));
}

std::string home_config() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/') return config;
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0')
    throw Error(ErrorCode::kInvalid,
                "there is no home for a user's services: HOME and XDG_CONFIG_HOME are not set; the "
                "system's are named by --system");
  return std::string(home) + "/.config";
}

}  // namespace

ServiceForm service_form() {
  return ServiceForm::kSystemd;
}

std::string service_file(ServiceScope scope) {
  const std::string directory =
      scope == ServiceScope::kUser ? home_config() + "/systemd/user" : "/etc/systemd/system";
  return directory + "/" + kUnit;
}

std::vector<std::string> service_traces(ServiceScope scope) {
  namespace fs = std::filesystem;
  const std::string file = service_file(scope);
  std::vector<std::string> all;
  const auto add = [&](const fs::path& path) {
    std::error_code none;  // a link to what is gone is there
    if (fs::exists(fs::symlink_status(path, none))) all.push_back(path.string());
  };
  add(file);
  add(file + ".d");  // `systemctl edit`
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(fs::path(file).parent_path(), none)) {
    const auto kind = entry.path().extension();
    if (kind == ".wants" || kind == ".requires") add(entry.path() / kUnit);
  }
  return all;
}

ServiceState service_state(ServiceScope scope) {
  ServiceState state;
  CommandResult result;
  try {
    result = run_command(
        systemctl(scope, {"show", kUnit, "--property=ActiveState,UnitFileState,MainPID"}),
        kServiceCallLimit);
  } catch (const Error&) {
    return state;
  }
  state.manager_answers = result.status.signal == 0 && result.status.code == 0;
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string key = line.substr(0, equals), value = line.substr(equals + 1);
    if (key == "ActiveState") state.running = value == "active" || value == "activating";
    if (key == "UnitFileState") state.enabled = value == "enabled";
    if (key == "MainPID") state.pid = std::atoi(value.c_str());
  }
  return state;
}

void service_enable(ServiceScope scope) {
  must(scope, {"daemon-reload"});
  must(scope, {"enable", kUnit});
}
void service_disable(ServiceScope scope) {
  must(scope, {"disable", "--now", "--no-block", kUnit});
}
void service_start(ServiceScope scope) {
  must(scope, {"start", kUnit});
}
void service_stop(ServiceScope scope) {
  must(scope, {"stop", "--no-block", kUnit});
}
void service_restart(ServiceScope scope) {
  must(scope, {"restart", kUnit});
}

void service_forget(ServiceScope scope) {
  for (const auto& words : {std::vector<std::string>{"daemon-reload"}, {"reset-failed", kUnit}}) {
    try {
      run_command(systemctl(scope, words), kServiceCallLimit);
    } catch (const Error&) {
      continue;  // it knows nothing of it as it is
    }
  }
}

std::string service_stop_command(ServiceScope scope) {
  return scope == ServiceScope::kSystem
             ? "systemctl stop sanctum"
             : "XDG_RUNTIME_DIR=/run/user/" + std::to_string(::getuid()) +
                   " systemctl --user stop sanctum";
}

std::string service_lint(const std::string& file) {
  try {
    const auto result = run_command({"systemd-analyze", "verify", file}, kServiceCallLimit);
    return result.status.code == 0 && result.status.signal == 0
               ? ""
               : "systemd-analyze verify " + describe(result.status) + " " + result.output;
  } catch (const Error&) {
    return "";  // not every system has the checker
  }
}

// sd_notify(3): one datagram to the socket that the manager names.
void notify_manager(const std::string& state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || *path == '\0' || std::strlen(path) >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path);
  const std::size_t size = offsetof(sockaddr_un, sun_path) + std::strlen(path);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size));
  ::close(socket);
}

}  // namespace sanctum::platform
