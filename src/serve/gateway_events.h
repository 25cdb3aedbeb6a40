// What the gateway's main thread waits for. Thread rule: any thread tells; one waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace sanctum::serve {

class GatewayEvents {
 public:
  // We are to end.
  void asked_to_end();
  // The same, because nobody keeps us any more.
  void orphaned();
  bool is_orphaned() const;
  // Every model was proven to work.
  void proven();

  // `meanwhile`: every kMeanwhileEvery. True once all is proven, false when we are to end first.
  bool wait_for_proof(const std::function<void()>& meanwhile);
  void wait_for_end(const std::function<void()>& meanwhile);

 private:
  template <class Condition>
  void wait(const std::function<void()>& meanwhile, Condition condition);

  mutable std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  bool ends_ = false;
  bool orphaned_ = false;
  bool proven_ = false;
};

inline constexpr std::chrono::milliseconds kMeanwhileEvery{1000};

}  // namespace sanctum::serve
