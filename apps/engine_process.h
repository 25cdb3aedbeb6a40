// The engine's process as the gateway sees it: the supervisor's worker on one side, the gateway's
// remote engine on the other.
#pragma once

#include "gateway/remote_engine.h"
#include "supervisor/worker.h"

namespace sanctum {

class EngineProcess : public gateway::EngineLink {
 public:
  using Loaded = std::function<void(const std::string& model, const wire::Failure* failure)>;

  EngineProcess(supervisor::WorkerOptions options, std::chrono::milliseconds ready_timeout,
                Loaded loaded);
  ~EngineProcess() override;

  supervisor::Worker& worker() { return worker_; }
  gateway::RemoteEngine& engine() { return engine_; }

  void call(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
            wire::RpcClient::Reply reply) override;
  gateway::EngineStatus status() const override;

 private:
  supervisor::WorkerListener listener(Loaded loaded);

  gateway::RemoteEngine engine_;
  supervisor::Worker worker_;
};

}  // namespace sanctum
