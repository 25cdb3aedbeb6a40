// The server's own parts, the ones that ship, around a simulated engine: the worker's state machine
// and the gateway's remote engine. What Worker does with a thread and a process is done here with
// events; the rules that it must keep are watched.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "bugs.h"
#include "engine.h"
#include "gateway/remote_engine.h"
#include "supervisor/worker_machine.h"
#include "world.h"

namespace sanctum::simulation {

class SimServer : public gateway::EngineLink {
 public:
  SimServer(World& world, Bug bug, std::string poison);
  ~SimServer() override;

  void start();
  gateway::RemoteEngine& gateway() { return remote_; }
  // Null when there is none.
  SimEngine* engine() { return engine_.get(); }
  // Its next loads are slow.
  void slow_disk() { slow_disk_ = true; }
  // A probe has found that the engine does not do what it should.
  void condemn();
  bool lying() const { return engine_ && engine_->lying(); }
  // As the gateway ends, its requests having had their time: nothing may be left.
  void stop();
  bool empty() const { return !engine_ || engine_->gone(); }
  // Something was done to the engine that explains its end.
  void has_cause() { cause_ = true; }
  // The engine's next rows come so many times: lost, or doubled.
  void garble(int times) { next_rows_times_ = times; }
  int starts() const { return starts_; }
  bool minds_poison() const { return !poison_.empty(); }
  supervisor::WorkerState state() const { return machine_.state(); }

  void call(std::string_view method, std::string_view body, milliseconds timeout,
            wire::RpcClient::Reply reply) override;
  gateway::EngineStatus status() const override;

 private:
  void feed(const supervisor::WorkerInput& input);
  void carry_out(const supervisor::worker_action::Spawn&);
  void carry_out(const supervisor::worker_action::AskForModels&);
  void carry_out(const supervisor::worker_action::CloseSocket&);
  void carry_out(const supervisor::worker_action::Signal& action);
  void carry_out(const supervisor::worker_action::TellReady&);
  void carry_out(const supervisor::worker_action::TellDied& action);
  void carry_out(const supervisor::worker_action::TellParked& action);
  void look();       // every kLookEvery: pulse, reaping, time
  void housekeep();  // every second
  void ask(std::string_view method, std::string_view body, wire::RpcClient::Reply reply);
  void lose_calls();
  void notified(const std::string& line);
  // The line of these rows, as it comes with the planted bug.
  std::string with_bug(const wire::Message& message);

  World& world_;
  const Bug bug_;
  const std::string poison_;
  supervisor::WorkerMachine machine_{1};
  gateway::RemoteEngine remote_;
  std::shared_ptr<SimEngine> engine_;
  std::map<int, wire::RpcClient::Reply> calls_;  // of this life, not answered
  int next_call_ = 1;
  int life_ = 0;   // of the engine whose socket is open; what comes from another is dropped
  int lives_ = 0;  // made so far
  int starts_ = 0;
  int next_rows_times_ = 1;
  bool connected_ = false;
  bool cause_ = false;
  bool slow_disk_ = false;
  bool could_start_ = true;  // it cannot once at most: twice and more is a crash loop's business
};

}  // namespace sanctum::simulation
