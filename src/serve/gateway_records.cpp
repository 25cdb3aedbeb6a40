#include "serve/gateway_records.h"

#include <string_view>

#include "base/log.h"
#include "serve/requests_cut.h"

namespace sanctum::serve {
namespace {

constexpr std::string_view kOfModel = "model.";  // incidents

constexpr std::size_t kUnansweredToldMax = 20;

}  // namespace

GatewayRecords::GatewayRecords(const std::string& state_directory)
    : incidents_([this](supervisor::JournalRow row) { journal_.record(std::move(row)); }),
      journal_(state_directory, [this](const supervisor::JournalTrouble& trouble) {
        if (!trouble.moved_to.empty()) return state_file_damaged("journal", trouble.moved_to);
        if (trouble.over) return incidents_.close("journal", "it is written again");
        incidents_.open("journal", "error",
                        "the journal cannot be written: " + trouble.what +
                            "; serving goes on. Is the disk of the state directory full?");
      }) {
  const std::size_t unanswered = tell_unanswered();
  journal_.record(supervisor::StartedAnew{false});
  if (!journal_.moved_aside().empty()) state_file_damaged("journal", journal_.moved_aside());
  happened("gateway", "started", "");
  if (unanswered == 0) return;
  incidents_.open("gateway.ended", "error",
                  "the gateway before this one ended while it answered " +
                      std::to_string(unanswered) +
                      " requests, which were lost; the log names them: request_unanswered");
  incidents_.close("gateway.ended", "another one serves");
}

std::size_t GatewayRecords::tell_unanswered() {
  const auto unanswered = journal_.take_unanswered();
  if (unanswered.empty()) return 0;
  log::warn("requests_unanswered", {{"count", unanswered.size()}});
  for (std::size_t i = 0; i < unanswered.size() && i < kUnansweredToldMax; ++i) {
    const auto& request = unanswered[i];
    log::warn("request_unanswered",
              {{"id", request.id}, {"api", request.api}, {"model", request.model}});
  }
  return unanswered.size();
}

gateway::RequestRecords GatewayRecords::requests() {
  gateway::RequestRecords records;
  records.begun = [this](const std::string& id, const std::string& api,
                         const gateway::ApiRequest& request, const gateway::Peer& who) {
    journal_.record(supervisor::RequestBegun{id, api, request.generate.model, request.stream,
                                             who.key, who.subject, request.ignored});
  };
  records.ended = [this](const std::string& id, int status, int interruptions,
                         std::int64_t total_us, const wire::Completed& completed) {
    supervisor::RequestEnded ended{id, status, interruptions, total_us, completed};
    ended.completed.last = {};  // no word of an answer is kept
    journal_.record(std::move(ended));
  };
  return records;
}

std::vector<gateway::OpenIncident> GatewayRecords::incidents() const {
  std::vector<gateway::OpenIncident> open;
  for (const auto& incident : incidents_.list())
    open.push_back({incident.key, incident.level, incident.what, incident.since_unix_s});
  const std::lock_guard lock(mutex_);
  open.insert(open.end(), of_probes_.begin(), of_probes_.end());
  return open;
}

void GatewayRecords::probes_told(std::vector<gateway::OpenIncident> incidents) {
  const std::lock_guard lock(mutex_);
  of_probes_ = std::move(incidents);
}

void GatewayRecords::worker_changed(supervisor::WorkerState to, const std::string& reason) {
  using supervisor::WorkerState;
  happened("worker", std::string(to_string(to)), reason);
  if (to == WorkerState::kParked) {
    incidents_.open("worker.parked", "page", reason + "; mend it, then `sanctum worker start`");
  } else if (to == WorkerState::kDead || to == WorkerState::kWedged) {
    incidents_.open("worker.down", "warn", reason);
  } else if (to == WorkerState::kReady) {
    incidents_.close("worker.parked", "it is ready");
    incidents_.close("worker.down", "it is ready");
  }
}

void GatewayRecords::worker_unsteady(const std::string& reason) {
  if (reason.empty()) return incidents_.close("worker.unsteady", "it has not died for a while");
  incidents_.open("worker.unsteady", "error",
                  "the engine died by itself " + std::to_string(supervisor::kUnsteadyDeaths) +
                      " times within an hour, and is started again each time; `sanctum incidents` "
                      "lists when; the last time: " +
                      reason);
}

void GatewayRecords::worker_went_back(const std::string& program, const std::string& reason) {
  happened("worker", "went back", program + ": " + reason);
  incidents_.open("worker.replacement", "error",
                  "the engine's program " + program +
                      " could not be kept running, and the former one runs again: " + reason);
}

void GatewayRecords::worker_replaced() {
  incidents_.close("worker.replacement", "the engine is replaced again");
}

void GatewayRecords::model_settled(const std::string& model, const wire::Failure* failure) {
  const std::string key = std::string(kOfModel) + model;
  if (failure == nullptr) {
    happened("model " + model, "ready", "");
    return incidents_.close(key, "it is ready");
  }
  happened("model " + model, "failed", failure->message);
  incidents_.open(key, "error", "'" + model + "' was not loaded: " + failure->message);
}

std::vector<std::string> GatewayRecords::failed_models() const {
  std::vector<std::string> models;
  for (const auto& incident : incidents_.list())
    if (incident.key.starts_with(kOfModel)) models.push_back(incident.key.substr(kOfModel.size()));
  return models;
}

void GatewayRecords::planned_restart(const std::string& objection, bool by_schedule) {
  happened("planned restart", objection.empty() ? "begins" : "refused", objection);
  if (objection.empty()) return incidents_.close("restart", "a planned restart begins");
  if (!by_schedule) return;
  incidents_.open("restart", "error",
                  "the planned restart did not happen, because it would not come up: " + objection);
}

void GatewayRecords::requests_cut(int requests, int drain_s) {
  incidents_.open(kRequestsCut, "warn",
                  std::to_string(requests) + (requests == 1 ? " request ran" : " requests ran") +
                      " longer than the " + std::to_string(drain_s) +
                      " s of --drain that an end or a restart leaves, and " +
                      (requests == 1 ? "was" : "were") + " cut");
  incidents_.close(kRequestsCut, "the server ended, or another gateway serves");
}

void GatewayRecords::newcomers_turned_away(bool so, const std::string& why) {
  if (!so) return incidents_.close("gateway.full", why);
  incidents_.open("gateway.full", "page", "newcomers are turned away: " + why);
}

void GatewayRecords::fallback_began(const std::string& where) {
  happened("fallback", "began", where);
  incidents_.open("fallback", "error", "the fallback " + where + " answers in our engine's place");
}

void GatewayRecords::fallback_ended(const std::string& how) {
  happened("fallback", "ended", how);
  incidents_.close("fallback", how);
}

void GatewayRecords::state_file_damaged(const std::string& name, const std::string& moved_to) {
  incidents_.open("damaged." + name, "error",
                  "the file of the " + name + " was damaged; it lies in " + moved_to +
                      ", and a new one was begun");
}

void GatewayRecords::happened(const std::string& subject, const std::string& what,
                              const std::string& cause) {
  journal_.record(supervisor::Happening{"state", subject, what, cause});
}

}  // namespace sanctum::serve
