#include "apps/engine_process.h"

namespace sanctum {

EngineProcess::EngineProcess(supervisor::WorkerOptions options,
                             std::chrono::milliseconds ready_timeout, Loaded loaded)
    : engine_(*this, ready_timeout), worker_(std::move(options), listener(std::move(loaded))) {}

EngineProcess::~EngineProcess() {
  worker_.stop();
}

supervisor::WorkerListener EngineProcess::listener(Loaded loaded) {
  supervisor::WorkerListener listener;
  listener.notified = [this](const wire::Message& message) { engine_.notified(message); };
  listener.ready = [this] { engine_.ready(); };
  listener.died = [this](const std::string& reason) { engine_.died(reason); };
  listener.parked = [this](const std::string& reason) { engine_.parked(reason); };
  listener.loaded = std::move(loaded);
  return listener;
}

void EngineProcess::call(std::string_view method, std::string_view body,
                         std::chrono::milliseconds timeout, wire::RpcClient::Reply reply) {
  worker_.call(method, body, timeout, std::move(reply));
}

gateway::EngineStatus EngineProcess::status() const {
  const supervisor::WorkerStatus worker = worker_.status();
  gateway::EngineStatus status;
  status.up = worker.state == supervisor::WorkerState::kReady;
  status.state = to_string(worker.state);
  status.reason = worker.reason;
  status.last_exit = worker.last_exit;
  status.pid = worker.pid;
  status.starts = worker.starts;
  return status;
}

}  // namespace sanctum
