// The other OpenAI-compatible server that answers in our engine's place: at a URL, or started by us
// from a command when it is needed first.
//
// Contract: forward() answers every exchange it takes: with what the other server says, or with 502
// and why. At most kForwardsMax at once, beyond them 429. The command is run only when nobody
// answers at the URL; what it started ends with this, at the latest. One incident while it serves.
// Thread rule: any thread; answers are read on threads of its own, one a request. end() comes
// before the end of the loop that the exchanges live on.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "client/endpoint.h"
#include "gateway/fallback.h"
#include "platform/process.h"
#include "supervisor/fallback_policy.h"

namespace sanctum::serve {

inline constexpr int kForwardsMax = 32;
inline constexpr std::chrono::seconds kFailureCounts{60};  // of a request, against what comes now

struct FallbackOptions {
  client::Endpoint endpoint;
  std::string command;  // empty: somebody else starts it
  std::string model;    // what requests ask it for; empty: what they asked us for
  std::chrono::seconds start_limit{120};
};

class FallbackServer final : public gateway::Fallback {
 public:
  // Told when it takes over and when it is over; must not block.
  struct News {
    std::function<void(const std::string& where)> began;
    std::function<void(const std::string& how)> ended;
    // The process that the command is, which leads a group of its own; 0 when it has gone.
    std::function<void(int pid)> process = {};
  };
  FallbackServer(FallbackOptions options, News news);
  ~FallbackServer() override;

  gateway::FallbackTold told() const override;
  bool answers_instead(gateway::Refusal refusal) override;
  void forward(const std::shared_ptr<gateway::Exchange>& exchange,
               gateway::ForwardedRequest request) override;
  // Cancels what is being answered, and waits until no exchange is held; what comes later is
  // answered 503. Bounded by what a cancellation takes (client::kCancelCheckMs).
  void end();
  // Ends the command's processes; waits for nothing. For the process's last moment.
  void kill() const;
  // Every loaded model was proven to work; the oldest of the proofs is of `when`.
  void proven(Instant when);
  void set_mode(supervisor::FallbackMode mode);
  const std::string& where() const { return options_.endpoint.url; }

 private:
  struct Forward;
  struct Answering {
    std::shared_ptr<Forward> forward;
    std::thread thread;
    bool over = false;
  };
  void answer(const std::shared_ptr<Forward>& forward);
  void last_one_was(const std::string& failure);
  // Somebody answers; starts the command if nobody does. Throws Error, also once `gone`.
  void make_sure_it_runs(const std::atomic<bool>& gone);
  // Joins the threads that are over; under the lock.
  void reap();
  void tell(const supervisor::FallbackDecision& decision, const std::string& how);
  void process_is(int pid);

  const FallbackOptions options_;
  const News news_;
  mutable std::mutex mutex_;  // guards the next two
  supervisor::FallbackState state_;
  std::string failure_;  // of the last request
  Instant failed_at_{};
  std::mutex starting_;  // guards process_
  std::unique_ptr<platform::Process> process_;
  std::atomic<int> pid_{0};     // of it
  std::mutex answering_mutex_;  // guards the next two
  std::list<Answering> answering_;
  bool ending_ = false;
};

}  // namespace sanctum::serve
