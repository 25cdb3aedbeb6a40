// The machine under the worker's carrier, made of nothing but events: programs on a disk, an engine
// process, a socket to it, a thread's queue. The rules that the carrier must keep are watched.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "bugs.h"
#include "engine.h"
#include "programs.h"
#include "supervisor/worker_carrier.h"
#include "world.h"

namespace sanctum::simulation {

class SimMachine : public supervisor::WorkerPort {
 public:
  // `may_fail`: an engine cannot be started now and then, though its program is well.
  SimMachine(World& world, Bug bug, std::string poison, bool may_fail)
      : world_(world), bug_(bug), poison_(std::move(poison)), could_start_(may_fail) {}
  ~SimMachine() override { connected_ = false; }

  // `turn`: what the carrier's thread does after what was posted; `spawned` hears each program.
  void drive(std::function<void()> turn, std::function<void(const std::string&)> spawned) {
    turn_ = std::move(turn);
    spawned_ = std::move(spawned);
  }
  Programs& programs() { return programs_; }
  // Null when there was none yet.
  SimEngine* engine() const { return engine_.get(); }
  // Of the last start.
  const std::string& program() const { return program_; }
  Fate fate() const { return fate_; }
  bool connected() const { return connected_; }
  bool minds_poison() const { return !poison_.empty(); }
  const supervisor::WorkerStatus& published() const { return published_; }
  // Its next loads are slow.
  void slow_disk() { slow_disk_ = true; }
  // Something was done to the engine that explains its end.
  void has_cause() { cause_ = true; }
  // The engine's next rows come so many times: lost, or doubled.
  void garble(int times) { next_rows_times_ = times; }

  Instant now() const override { return world_.now(); }
  void post(std::function<void()> action) override;
  void publish(const supervisor::WorkerStatus& status) override { published_ = status; }
  int spawn(const std::string& program, supervisor::WorkerConnection connection) override;
  void signal(int number) override;
  supervisor::WorkerSeen look() override;
  std::optional<platform::ExitStatus> exited() override;
  std::vector<std::uint64_t> suspects() override { return engine_->suspects(); }
  void call(std::string_view method, std::string_view body, milliseconds timeout,
            wire::RpcClient::Reply reply) override;
  void close_socket() override;
  supervisor::ProgramFile look_at_program(const std::string& path) override;

 private:
  void lose_calls();
  void notified(const std::string& line);
  // The line of these rows, as it comes with the planted bug.
  std::string with_bug(const wire::Message& message);

  World& world_;
  const Bug bug_;
  const std::string poison_;
  Programs programs_;
  std::function<void()> turn_;
  std::function<void(const std::string&)> spawned_;
  supervisor::WorkerStatus published_;
  std::string program_;
  Fate fate_ = Fate::kLives;
  std::shared_ptr<SimEngine> engine_;
  supervisor::WorkerConnection connection_;
  std::map<int, wire::RpcClient::Reply> calls_;  // of this life, not answered
  int next_call_ = 1;
  int lives_ = 0;          // of engines; what comes from another than the last is dropped
  Instant last_posted_{};  // what is posted is carried out in order
  int next_rows_times_ = 1;
  bool connected_ = false;
  bool cause_ = false;
  bool slow_disk_ = false;
  bool could_start_;  // it cannot once at most: twice and more is a crash loop's business
};

}  // namespace sanctum::simulation
