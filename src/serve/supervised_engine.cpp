#include "serve/supervised_engine.h"

namespace sanctum::serve {

SupervisedEngine::SupervisedEngine(supervisor::WorkerOptions options,
                                   std::chrono::milliseconds ready_timeout, News news)
    : engine_(*this, ready_timeout), worker_(std::move(options), listener(std::move(news))) {}

SupervisedEngine::~SupervisedEngine() {
  worker_.stop();
}

supervisor::WorkerListener SupervisedEngine::listener(News news) {
  supervisor::WorkerListener listener;
  listener.notified = [this](const wire::Message& message) { engine_.notified(message); };
  listener.ready = [this] { engine_.ready(); };
  listener.died = [this](const supervisor::Death& death) {
    engine_.died(death.reason, death.from_outside ? std::vector<std::uint64_t>{} : death.suspects);
  };
  listener.parked = [this](const std::string& reason) { engine_.parked(reason); };
  listener.loaded = std::move(news.loaded);
  listener.process = std::move(news.process);
  listener.changed = std::move(news.changed);
  listener.unsteady = std::move(news.unsteady);
  listener.went_back = std::move(news.went_back);
  return listener;
}

void SupervisedEngine::call(std::string_view method, std::string_view body,
                            std::chrono::milliseconds timeout, wire::RpcClient::Reply reply) {
  worker_.call(method, body, timeout, std::move(reply));
}

gateway::EngineStatus SupervisedEngine::status() const {
  const supervisor::WorkerStatus worker = worker_.status();
  gateway::EngineStatus status;
  status.up = supervisor::can_be_asked(worker.state);
  status.state = worker.state;
  status.reason = worker.reason;
  status.last_exit = worker.last_exit;
  status.pid = worker.pid;
  status.starts = worker.starts;
  status.in_crash_loop = worker.in_crash_loop;
  return status;
}

}  // namespace sanctum::serve
