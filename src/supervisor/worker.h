// One engine process, kept running.
//
// Contract: start() returns at once; from then on the process is started, watched and restarted as
// restart_policy.h decides. The worker is ready when it has answered, not when it was spawned; the
// end of its socket is its death. After every start it is told to load the same models. stop() ends
// the process (its socket closes, SIGTERM, then SIGKILL) and returns when it is gone.
// Thread rule: one keeper thread owns process and policy; the public functions are for any thread.
// Listeners run on the keeper's or the connection's threads, must not block, and may call `call`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/restart_policy.h"
#include "wire/rpc_client.h"

namespace sanctum::supervisor {

inline constexpr std::chrono::seconds kAnswerLimit{60};       // from spawn to the first answer
inline constexpr std::chrono::milliseconds kExitLimit{2000};  // from its socket's end to its exit
inline constexpr std::chrono::milliseconds kTerminateLimit{3000};  // from SIGTERM to SIGKILL

struct WorkerOptions {
  std::string path;
  std::vector<std::string> arguments;
  std::vector<wire::LoadRequest> models;
};

struct WorkerStatus {
  WorkerState state = WorkerState::kAbsent;
  std::string reason;     // of being dead or parked
  int pid = 0;            // 0 when there is no process
  int starts = 0;         // in all
  std::string last_exit;  // how the previous process ended
};

struct WorkerListener {
  std::function<void(const wire::Message&)> notified;     // one of the engine's notifications
  std::function<void()> ready;                            // it answered, and loads were asked for
  std::function<void(const std::string& reason)> died;    // after all its calls have failed
  std::function<void(const std::string& reason)> parked;  // it will not come back by itself
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
