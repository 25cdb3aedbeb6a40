// What the gateway's process records: requests, the worker's life, what is wrong now.
//
// Contract: nothing here blocks or throws; a journal that cannot be written is an incident, and
// serving goes on. Thread rule: any thread.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "gateway/services.h"
#include "supervisor/incidents.h"
#include "supervisor/journal.h"
#include "supervisor/restart_policy.h"

namespace sanctum::serve {

class GatewayRecords {
 public:
  explicit GatewayRecords(const std::string& state_directory);

  gateway::RequestRecords requests();
  // Ours and the probes'.
  std::vector<gateway::OpenIncident> incidents() const;
  void probes_told(std::vector<gateway::OpenIncident> incidents);
  void worker_changed(supervisor::WorkerState to, const std::string& reason);
  // It dies by itself again and again; an empty reason: no longer.
  void worker_unsteady(const std::string& reason);
  // The program that took the former one's place could not be kept running.
  void worker_went_back(const std::string& program, const std::string& reason);
  // Somebody replaces the engine, or its program: what became of the last try is over.
  void worker_replaced();
  void model_settled(const std::string& model, const wire::Failure* failure);
  // Those that could not be loaded, and are not loaded since.
  std::vector<std::string> failed_models() const;
  // `objection`: why it does not happen; empty when it does. Only what the schedule asked for and
  // did not get is an incident: who asks by hand is told.
  void planned_restart(const std::string& objection, bool by_schedule);
  // The end of the server, or of this life of it, came before theirs.
  void requests_cut(int requests, int drain_s);
  // At the limit of connections or of descriptors.
  void newcomers_turned_away(bool so, const std::string& why);
  void fallback_began(const std::string& where);
  void fallback_ended(const std::string& how);
  // It was found damaged, moved aside, and begun anew.
  void state_file_damaged(const std::string& name, const std::string& moved_to);
  void happened(const std::string& subject, const std::string& what, const std::string& cause);

 private:
  std::size_t tell_unanswered();  // how many there were

  supervisor::Incidents incidents_;
  mutable std::mutex mutex_;  // guards the next
  std::vector<gateway::OpenIncident> of_probes_;
  supervisor::Journal journal_;
};

}  // namespace sanctum::serve
