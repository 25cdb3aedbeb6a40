// An engine for tests: it does what it is told, when it is told. Any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "gateway/engine.h"

namespace sanctum::gateway {

class FakeEngine : public Engine {
 public:
  // --- what the tests say ---
  // The next request that has arrived; fails the test after a while.
  wire::GenerateRequest next_request();
  bool wait_for_cancel(const std::string& request);
  int requests() const;
  void accept(const std::string& request);
  void row(const wire::RowDelta& row);
  void text(const std::string& request, const std::string& content);
  void complete(const std::string& request, wire::FinishReason reason = wire::FinishReason::kStop);
  void fail(const std::string& request, const wire::Failure& failure);
  void interrupt(const std::string& request);
  void let_wait(const std::string& request);
  void forget();  // lets go of all listeners: they hold on to the gateway's loop
  // Accepts, says "hello" and completes every request at once.
  void answer_at_once();
  void set_models(std::vector<wire::ModelInfo> models);
  void set_status(const EngineStatus& status);

  // --- Engine ---
  void generate(wire::GenerateRequest request, std::shared_ptr<GenerateListener> listener) override;
  void cancel(const std::string& request) override;
  void models(Answered<std::vector<wire::ModelInfo>> answered) override;
  void stats(Answered<wire::EngineStats> answered) override;
  EngineStatus status() const override;

 private:
  std::shared_ptr<GenerateListener> listener(const std::string& request, bool last);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<wire::GenerateRequest> arrived_;
  std::map<std::string, std::shared_ptr<GenerateListener>> listeners_;
  std::set<std::string> cancelled_;
  std::vector<wire::ModelInfo> models_{{"m",
                                        "/m",
                                        wire::ModelStage::kReady,
                                        "llama",
                                        false,
                                        4096,
                                        1000,
                                        "none",
                                        "mlx",
                                        false,
                                        1,
                                        1,
                                        1,
                                        {}}};
  EngineStatus status_{true, wire::WorkerState::kReady, "", "", 1, 1};
  int requests_ = 0;
  bool at_once_ = false;
};

}  // namespace sanctum::gateway
