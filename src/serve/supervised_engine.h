// The engine's process as the gateway sees it: the supervisor's worker on one side, the gateway's
// remote engine on the other.
#pragma once

#include "gateway/remote_engine.h"
#include "supervisor/worker.h"

namespace sanctum::serve {

class SupervisedEngine : public gateway::EngineLink {
 public:
  // As supervisor::WorkerListener's of the same names.
  struct News {
    std::function<void(const std::string& model, const wire::Failure* failure)> loaded;
    std::function<void(int pid)> process;
    std::function<void(supervisor::WorkerState from, supervisor::WorkerState to,
                       const std::string& reason)>
        changed;
    std::function<void(const std::string& reason)> unsteady = {};
    std::function<void(const std::string& program, const std::string& reason)> went_back = {};
  };

  SupervisedEngine(supervisor::WorkerOptions options, std::chrono::milliseconds ready_timeout,
                   News news);
  ~SupervisedEngine() override;

  supervisor::Worker& worker() { return worker_; }
  gateway::RemoteEngine& engine() { return engine_; }

  void call(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
            wire::RpcClient::Reply reply) override;
  gateway::EngineStatus status() const override;

 private:
  supervisor::WorkerListener listener(News news);

  gateway::RemoteEngine engine_;
  supervisor::Worker worker_;
};

}  // namespace sanctum::serve
