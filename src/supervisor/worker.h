// One engine process, kept running.
//
// Contract: start() returns at once; from then on the process is started, watched, ended and
// restarted as worker_machine.h and worker_carrier.h say; here is the thread, the process and the
// socket with which that is done. stop() returns when the process is gone. Thread rule: one keeper
// thread owns process and carrier, and nobody else changes the state: others post to it, or read
// what it published. Listeners run on the keeper's or the connection's threads, must not block, and
// may call `call`.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/worker_carrier.h"
#include "wire/rpc_client.h"

namespace sanctum::supervisor {

struct WorkerOptions {
  std::string path;
  std::vector<std::string> arguments;
  std::vector<wire::LoadRequest> models;
  std::vector<int> held = {};  // our descriptors that each engine holds as long as it lives
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
  class SystemPort;
  std::unique_ptr<SystemPort> system_;
};

}  // namespace sanctum::supervisor
