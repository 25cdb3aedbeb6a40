#include "apps/works_probe.h"

#include <algorithm>
#include <utility>

#include "apps/control_socket.h"
#include "apps/probe_secret.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

namespace sanctum {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kControlLimit{5000};
constexpr milliseconds kLookForModelsEvery{2000};
constexpr milliseconds kLookForTheFirstEvery{200};

// Empty when the gateway does not answer.
std::string status_of(const std::string& state) {
  client::Connection connection = control_connection(state);
  const auto reply =
      connection.send({"GET", "/status"}, {kControlLimit, kControlLimit, kControlLimit});
  return reply.ending == client::Ending::kAnswered && reply.status == 200 ? reply.body : "";
}

// Which engine has loaded which models; empty for none.
std::string signature(const std::string& status, const std::vector<probes::LoadedModel>& models) {
  std::string all;
  for (const auto& model : models) all += model.name + " " + model.directory + "\n";
  if (all.empty()) return all;
  const json::Document document(status);
  return all + std::to_string(document.root().at("engine").as_int_or("pid", 0));
}

}  // namespace

WorksProbe::WorksProbe(std::string state_directory, client::Endpoint endpoint, milliseconds limit,
                       const std::atomic<bool>& stop, probes::Goldens::Damaged damaged)
    : state_(std::move(state_directory)),
      stop_(stop),
      goldens_(state_ + "/goldens", std::move(damaged)) {
  endpoint.probe = probe_secret(state_);
  options_.endpoint = std::move(endpoint);
  options_.limit = limit;
  options_.digest = [this](const probes::LoadedModel& model) { return digest_of(model.directory); };
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
  const std::string status = status_of(state_);
  if (status.empty())
    return {{"the gateway", false, 0, "it does not say which models are loaded", {}, {}}};
  const auto models = probes::loaded_models(status);
  const std::string now = signature(status, models);
  {
    const std::lock_guard lock(mutex_);
    if (now != known_) digests_.clear();  // what was loaded may be other weights than before
    hashed_ = false;
  }
  known_ = now;
  auto checks = check_works(models, options_, goldens_);
  replaced_ = std::any_of(checks.begin(), checks.end(), [](const auto& c) { return !c.passed; }) &&
              signature_now() != known_;
  checks.push_back({"the gateway", true, 0, std::to_string(models.size()) + " models", {}, {}});
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
  const std::string status = status_of(state_);
  if (status.empty()) return {};
  try {
    return signature(status, probes::loaded_models(status));
  } catch (const Error&) {
    return {};
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

}  // namespace sanctum
