#include "serve/works_probe.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "client/control_client.h"
#include "serve/state_secret.h"

namespace sanctum::serve {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookForModelsEvery{2000};
constexpr milliseconds kLookForTheFirstEvery{200};

// Nothing when the gateway does not answer. Throws Error(kCorrupt).
std::optional<probes::ServerState> state_of(const std::string& state_directory) {
  try {
    client::ControlClient control(state_directory);
    return probes::read_server_state(control.ask("GET", "/status"));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCorrupt) throw;
    return std::nullopt;
  }
}

// Which engine has loaded which models; empty for none.
std::string signature(const probes::ServerState& state) {
  std::string all;
  for (const auto& model : state.loaded) all += model.name + " " + model.directory + "\n";
  return all.empty() ? all : all + std::to_string(state.engine_pid);
}

}  // namespace

WorksProbe::WorksProbe(std::string state_directory, client::Endpoint endpoint, milliseconds limit,
                       const std::atomic<bool>& stop, probes::Goldens::Damaged damaged)
    : state_(std::move(state_directory)),
      stop_(stop),
      goldens_(state_ + "/goldens", std::move(damaged)) {
  endpoint.probe = state_secret(state_, kProbeSecret);
  options_.endpoint = std::move(endpoint);
  options_.limit = limit;
  options_.digest = [this](const probes::LoadedModel& model) { return digest_of(model.directory); };
  options_.loading = [this] { return loading(); };
  hasher_ = std::thread([this] { hash(); });
}

WorksProbe::~WorksProbe() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  hasher_.join();
}

std::vector<probes::Check> WorksProbe::run() {
  const auto state = state_of(state_);
  if (!state) return {{"the gateway", false, 0, "it does not say which models are loaded", {}, {}}};
  const std::string now = signature(*state);
  {
    const std::lock_guard lock(mutex_);
    if (now != known_) digests_.clear();  // what was loaded may be other weights than before
    hashed_ = false;
  }
  known_ = now;
  auto checks = check_works(state->loaded, options_, goldens_);
  replaced_ = std::any_of(checks.begin(), checks.end(), [](const auto& c) { return !c.passed; }) &&
              signature_now() != known_;
  checks.push_back(
      {"the gateway", true, 0, std::to_string(state->loaded.size()) + " models", {}, {}});
  return checks;
}

bool WorksProbe::due() {
  {
    const std::lock_guard lock(mutex_);
    if (hashed_) return true;
  }
  if (Clock::now() < look_again_) return false;
  look_again_ = Clock::now() + (known_.empty() ? kLookForTheFirstEvery : kLookForModelsEvery);
  const std::string now = signature_now();
  return !now.empty() && now != known_;
}

std::string WorksProbe::signature_now() const {
  try {
    const auto state = state_of(state_);
    return state ? signature(*state) : "";
  } catch (const Error&) {
    return {};
  }
}

bool WorksProbe::loading() const {
  try {
    const auto state = state_of(state_);
    return state && state->loading;
  } catch (const Error&) {
    return false;
  }
}

std::optional<std::string> WorksProbe::digest_of(const std::string& model_directory) {
  const std::lock_guard lock(mutex_);
  const auto [known, asked] = digests_.try_emplace(model_directory);
  if (asked) changed_.notify_all();
  return known->second;
}

void WorksProbe::hash() {
  probes::WeightsDigest digest(state_ + "/weights.json");
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const auto next = std::find_if(digests_.begin(), digests_.end(),
                                   [](const auto& entry) { return !entry.second; });
    if (next == digests_.end()) {
      changed_.wait(lock);
      continue;
    }
    const std::string directory = next->first;
    lock.unlock();
    std::optional<std::string> found;
    try {
      found = digest.of(directory, stop_);
    } catch (const Error& error) {
      log::warn("weights_not_hashed", {{"directory", directory}, {"error", error.what()}});
      found = "";
    }
    lock.lock();
    if (!found) return;
    if (const auto waiting = digests_.find(directory); waiting != digests_.end()) {
      waiting->second = found;
      hashed_ = true;
    }
  }
}

}  // namespace sanctum::serve
