// One engine process, kept running.
//
// Contract: start() returns at once; from then on the process is started, watched, ended and
// restarted as worker_machine.h says; here is who carries that out. After every start the engine is
// told to load the same models. A parked one is started afresh when its program has changed on
// disk. stop() returns when the process is gone. Thread rule: one keeper thread owns process and
// machine, and nobody else changes the state: others post events to it, or read what it published.
// Listeners run on the keeper's or the connection's threads, must not block, and may call `call`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/worker_machine.h"
#include "wire/rpc_client.h"

namespace sanctum::supervisor {

struct WorkerOptions {
  std::string path;
  std::vector<std::string> arguments;
  std::vector<wire::LoadRequest> models;
  std::vector<int> held = {};  // our descriptors that each engine holds as long as it lives
};

struct WorkerStatus {
  WorkerState state = WorkerState::kAbsent;
  std::string reason;     // of being dead or parked
  int pid = 0;            // 0 when there is no process
  int starts = 0;         // in all
  std::string last_exit;  // how the previous process ended
  bool in_crash_loop = false;
};

struct WorkerListener {
  std::function<void(const wire::Message&)> notified;     // one of the engine's notifications
  std::function<void()> ready;                            // it answered, and loads were asked for
  std::function<void(const Death&)> died;                 // after all its calls have failed
  std::function<void(const std::string& reason)> parked;  // it will not come back by itself
  std::function<void(WorkerState from, WorkerState to, const std::string& reason)> changed;
  // A load was answered; `failure` is null when the model is ready.
  std::function<void(const std::string& model, const wire::Failure* failure)> loaded;
};

class Worker {
 public:
  Worker(WorkerOptions options, WorkerListener listener);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  // A pause before the next start ends now; a parked worker starts afresh.
  void wake();
  // Ends a process that was found not to do what it should; another one is started.
  void replace(const std::string& reason);
  // Ends a process with which nothing is wrong; the next one is `program`, or the same if that is
  // empty. A program that cannot be kept running gives way to the one before.
  void retire(const std::string& program);
  // For this process and those that follow it.
  void set_switches(const wire::Switches& switches);
  void stop();
  // Ends the process at once, for a second SIGTERM. Safe while stop() waits.
  void kill();
  WorkerStatus status() const;
  // As RpcClient::call; answers kUnavailable when no engine is ready.
  void call(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
            wire::RpcClient::Reply reply);

 private:
  class Keeper;
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace sanctum::supervisor
