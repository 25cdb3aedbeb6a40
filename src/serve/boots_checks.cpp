#include "serve/boots_checks.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <type_traits>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "client/control_client.h"
#include "gateway/certificate_list.h"
#include "gateway/listener.h"
#include "platform/command.h"
#include "platform/machine.h"
#include "probes/server_state.h"
#include "release/release_copy.h"
#include "serve/running_release.h"
#include "serve/state_secret.h"
#include "serve/supervision_facts.h"

namespace sanctum::serve {
namespace {

constexpr std::chrono::seconds kAnswerLimit{5};
constexpr std::chrono::seconds kCheckLimit{30};
constexpr double kGiB = 1u << 30;

// What `action` throws is why the check failed; what it returns is worth knowing all the same.
template <class Action>
probes::Check checked(const std::string& name, Action action) {
  probes::Check check;
  check.name = name;
  const Instant begin = Clock::now();
  try {
    if constexpr (std::is_void_v<decltype(action())>)
      action();
    else
      check.detail = action();
    check.passed = true;
    if (check.detail.empty()) check.detail = "fine";
  } catch (const std::exception& error) {
    check.detail = error.what();
  }
  check.took_us = microseconds_between(begin, Clock::now());
  return check;
}

probes::ServerState our_state(const std::string& state_directory) {
  return probes::read_server_state(client::ControlClient(state_directory).ask("GET", "/status"));
}

}  // namespace

std::vector<probes::Check> BootsChecks::run() {
  std::vector<probes::Check> checks;
  check_release(checks);
  checks.push_back(checked("the configuration", [this] { serve_check("--settings-only"); }));
  checks.push_back(checked("the models", [this] {
    const std::string said = serve_check("--loads-only");
    return said.empty() ? said : "a restart would come up; " + said;
  }));
  checks.push_back(checked("the certificates", [this] { return check_certificates(); }));
  checks.push_back(checked("the secrets", [this] {
    for (const char* file : {kProbeSecret, kSealSecret}) state_secret(state_, file);
  }));
  checks.push_back(checked("disk space", [this] { check_disk(); }));
  checks.push_back(checked("the weights", [this] { check_weights(); }));
  checks.push_back(checked("the port's owner", [this] { check_port_owner(); }));
  checks.push_back(checked("the unit file", [this] { return check_unit(); }));
  return checks;
}

void BootsChecks::check_release(std::vector<probes::Check>& checks) {
  std::vector<release::FileFound> files;
  checks.push_back(checked("the release", [&] {
    const auto release = release_we_run_from(state_);
    if (!release)
      throw Error(
          ErrorCode::kNotFound,
          "no copy of the running release was kept: a build or an update could keep the next "
          "start from coming up. The log says why, as release_not_kept");
    files = release::examine_release(release->directory, state_ + "/certs");
  }));
  for (const auto& file : files) {
    probes::Check check;
    check.name = "the release's " + file.name;
    check.passed = file.damage.empty();
    check.detail = check.passed ? "as it was signed" : file.damage;
    checks.push_back(std::move(check));
  }
}

// By the very program and words that the next start has, as flags, variables and the file are now.
std::string BootsChecks::serve_check(const char* only) {
  std::vector<std::string> words{platform::executable_path(), "serve", "--check", only};
  words.insert(words.end(), config_.arguments.begin(), config_.arguments.end());
  const auto result = platform::run_command(words, kCheckLimit, {}, &stop_);
  std::string said = result.output.substr(0, result.output.find_last_not_of("\r\n") + 1);
  if (result.status.signal == 0 && result.status.code == 0) return said;
  throw Error(ErrorCode::kInvalid,
              "`serve --check` " + platform::describe(result.status) + ": " + said);
}

// As the next listener will read them. What its start renews is nothing against it.
std::string BootsChecks::check_certificates() {
  if (config_.mtls_listen == "off") return {};
  const std::string directory = state_ + "/certs";
  gateway::check_tls_files(
      {directory + "/ca.pem", directory + "/server.pem", directory + "/server.key"});
  const auto now = gateway::now_in_seconds();
  std::string detail;
  for (const auto& own : {gateway::kOwnAuthority, gateway::kOwnServer}) {  // no start needs another
    const auto info = gateway::describe_own(directory, own);
    const std::string validity = gateway::validity(info, now), told = info.path + ": " + validity;
    if (expires_soon(info, now)) tell_expiry(info.path, validity);
    if (!gateway::expires_now(info, now)) continue;
    if (!gateway::start_renews(directory, own)) throw Error(ErrorCode::kUnavailable, told);
    detail = told + "; so does the next start";
  }
  return detail;
}

// A server may run for years.
void BootsChecks::tell_expiry(const std::string& file, const std::string& validity) {
  const auto [told, first] = told_expiry_.try_emplace(file, Clock::now());
  if (!first && Clock::now() - told->second < kExpiryToldEvery) return;
  told->second = Clock::now();
  log::warn("certificate_expires", {{"file", file}, {"validity", validity}});
}

void BootsChecks::check_disk() {
  const auto space = std::filesystem::space(state_);
  if (space.available >= kDiskFreeMin) return;
  char text[160];
  std::snprintf(text, sizeof text, "%.2f GiB are free where %s is; at least %.0f are wanted",
                static_cast<double>(space.available) / kGiB, state_.c_str(),
                static_cast<double>(kDiskFreeMin) / kGiB);
  throw Error(ErrorCode::kUnavailable, text);
}

void BootsChecks::check_weights() {
  const auto state = our_state(state_);
  // Another engine has loaded what is there now.
  if (std::exchange(engine_, state.engine_pid) != state.engine_pid) weights_.clear();
  for (const auto& model : state.loaded) {
    const auto digest = digest_.of(model.directory, stop_);
    if (!digest) return;
    const auto [seen, first] = weights_.emplace(model.directory, *digest);
    if (!first && seen->second != *digest)
      throw Error(ErrorCode::kCorrupt, "the files of '" + model.name + "' in " + model.directory +
                                           " have changed since they were loaded: a restart would "
                                           "load others");
  }
}

// What would not come back, where that is somebody's choice. A server that a service manager keeps
// has to be kept as it runs; one that a terminal or a container keeps has no unit, and needs none.
std::string BootsChecks::check_unit() {
  constexpr int kInit = 1;
  const int keeper = static_cast<int>(::getppid());
  std::string by_nobody;
  for (const auto scope : {platform::ServiceScope::kUser, platform::ServiceScope::kSystem}) {
    const auto facts = supervision_facts(state_, scope);
    const auto verdict = judge(facts);
    const bool kept = facts.unit_pid == keeper;
    const bool orphan = facts.parent == kInit && facts.manager_answers;
    if (!kept) by_nobody = verdict.summary + ", unless who started it does";
    if (!kept && !orphan) continue;
    if (verdict.supervised) return {};
    if (!kept && scope == platform::ServiceScope::kUser) continue;  // the system's may keep it
    throw Error(ErrorCode::kUnavailable, verdict.summary + "; `sanctum doctor` says what to do");
  }
  return by_nobody;
}

// Who answers at our addresses is who answers on our control socket.
void BootsChecks::check_port_owner() {
  const std::int64_t ours = our_state(state_).pid;
  for (const auto& listener : listeners_) {
    client::Connection connection(listener);
    const std::int64_t found = probes::ask_server_state(connection, kAnswerLimit).pid;
    if (found != ours)
      throw Error(ErrorCode::kUnavailable, listener.url + " is answered by process " +
                                               std::to_string(found) + ", not by our gateway, " +
                                               std::to_string(ours));
  }
}

}  // namespace sanctum::serve
