#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/command.h"
#include "platform/service_manager.h"

namespace sanctum::platform {
namespace {

constexpr const char* kLabel = "ai.sanctum.serve";

std::string domain(ServiceScope scope) {
  return scope == ServiceScope::kUser ? "gui/" + std::to_string(::getuid()) : "system";
}
std::string target(ServiceScope scope) {
  return domain(scope) + "/" + kLabel;
}

void must(std::vector<std::string> words) {
  words.insert(words.begin(), "launchctl");
  auto result = run_command(words, kServiceCallLimit);
  if (result.status.signal == 0 && result.status.code == 0) return;
  while (result.output.ends_with('\n')) result.output.pop_back();
  throw Error(ErrorCode::kUnavailable,
              "`launchctl " + words[1] + "` " + describe(result.status) + ": " + result.output);
}

}  // namespace

ServiceForm service_form() {
  return ServiceForm::kLaunchd;
}

std::string service_file(ServiceScope scope) {
  if (scope == ServiceScope::kSystem)
    return std::string("/Library/LaunchDaemons/") + kLabel + ".plist";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0')
    throw Error(
        ErrorCode::kInvalid,
        "there is no home for a user's services: HOME is not set; the system's are named by "
        "--system");
  return std::string(home) + "/Library/LaunchAgents/" + kLabel + ".plist";
}

std::vector<std::string> service_traces(ServiceScope scope) {
  const std::string file = service_file(scope);
  std::error_code none;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, none))) return {};
  return {file};
}

ServiceState service_state(ServiceScope scope) {
  ServiceState state;
  try {
    state.manager_answers =
        run_command({"launchctl", "version"}, kServiceCallLimit).status.code == 0;
    const auto result = run_command({"launchctl", "print", target(scope)}, kServiceCallLimit);
    state.enabled = result.status.code == 0;
    const std::size_t at = result.output.find("\n\tpid = ");
    if (at != std::string::npos) state.pid = std::atoi(result.output.c_str() + at + 8);
    state.running = state.pid > 0;
  } catch (const Error&) {
    return state;
  }
  return state;
}

// It loads the file when it is started.
void service_enable(ServiceScope scope) {
  must({"enable", target(scope)});
}
void service_disable(ServiceScope scope) {
  must({"bootout", target(scope)});
}
void service_start(ServiceScope scope) {
  if (!service_state(scope).enabled) return must({"bootstrap", domain(scope), service_file(scope)});
  must({"kickstart", target(scope)});
}
void service_stop(ServiceScope scope) {
  must({"bootout", target(scope)});
}
void service_restart(ServiceScope scope) {
  must({"kickstart", "-k", target(scope)});
}

// It has nothing of a service that was booted out.
void service_forget(ServiceScope) {}

std::string service_stop_command(ServiceScope scope) {
  return "launchctl bootout " + target(scope);
}

std::string service_lint(const std::string& file) {
  const auto result = run_command({"plutil", "-lint", file}, kServiceCallLimit);
  return result.status.code == 0 ? "" : result.output;
}

// launchd keeps what it starts without being told anything.
void notify_manager(const std::string&) {}

}  // namespace sanctum::platform
