// The server's own parts, the ones that ship, on a simulated machine: the worker's carrier and the
// gateway's remote engine. What serve/supervised_engine.cpp and Worker's thread do is done here
// with events.
#pragma once

#include <string>

#include "bugs.h"
#include "gateway/remote_engine.h"
#include "machine.h"
#include "program_rules.h"
#include "supervisor/worker_carrier.h"
#include "world.h"

namespace sanctum::simulation {

class SimServer : public gateway::EngineLink {
 public:
  // `operated`: its programs are replaced and broken, so that nothing else may look like that.
  SimServer(World& world, Bug bug, std::string poison, bool operated);

  void start();
  gateway::RemoteEngine& gateway() { return remote_; }
  SimMachine& machine() { return machine_; }
  // Null when there was none yet.
  SimEngine* engine() const { return machine_.engine(); }
  const ProgramRules& rules() const { return rules_; }
  // A probe has found that the engine does not do what it should.
  void condemn();
  // Another engine takes the place of the one that runs, and another program unless that is empty.
  void retire(const std::string& program);
  // A person has it started again.
  void wake();
  // As the gateway ends, its requests having had their time: nothing may be left.
  void stop();
  bool empty() const { return engine() == nullptr || engine()->gone(); }
  bool lying() const { return engine() != nullptr && engine()->lying(); }
  int starts() const { return machine_.published().starts; }
  supervisor::WorkerState state() const { return machine_.published().state; }
  // Requests may be refused: no engine will come soon.
  bool refusing() const {
    return state() == supervisor::WorkerState::kParked || machine_.published().in_crash_loop;
  }

  void call(std::string_view method, std::string_view body, milliseconds timeout,
            wire::RpcClient::Reply reply) override;
  gateway::EngineStatus status() const override;

 private:
  supervisor::WorkerListener listener();
  void died(const supervisor::Death& death);
  void changed(supervisor::WorkerState from, supervisor::WorkerState to);
  void step();
  void housekeep();  // every second

  World& world_;
  const Bug bug_;
  SimMachine machine_;
  ProgramRules rules_;
  gateway::RemoteEngine remote_;
  supervisor::WorkerCarrier carrier_;
  int turn_ = 0;      // of step(): only the last that was planned counts
  int spinning_ = 0;  // steps at one moment
  Instant stepped_at_{};
};

}  // namespace sanctum::simulation
