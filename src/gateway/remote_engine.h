// An Engine in another process, reached by JSON-RPC.
//
// Contract: a request that meets no engine waits for one, up to `ready_timeout`. One whose engine
// died waits for the next, which is told what the answer's tokens were so far and goes on behind
// them; a request has its seed from the start, so that what follows is what would have followed. A
// frame's row and a request's last word are each one line: it came whole or not at all, so no byte
// is lost or said twice. What one engine has accepted, the next one does not refuse for want of
// room, memory or processes: it is asked again, up to `ready_timeout`. When the engine will not
// come back (parked), all fail at once; while it dies again and again, new ones do.
//
// A death is held against the requests that the engine was busy with. One with kDeathsMax of them
// is tried: it runs alone until it has ended, or has said kTrialTokens more and is acquitted; it is
// set aside then if another waits for its trial. If the engine dies of it again, it fails and is
// quarantined. Thread rule: any thread. Listeners are called without locks held.
#pragma once

#include <chrono>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "gateway/engine.h"
#include "gateway/load_news.h"
#include "gateway/quarantine.h"
#include "wire/rpc_client.h"

namespace sanctum::gateway {

inline constexpr int kDeathsMax = 2;             // of engines that were busy with the request
inline constexpr std::size_t kTrialTokens = 16;  // the deaths were at the first of them
inline constexpr std::chrono::seconds kExpireEveryMax{4};
inline constexpr std::chrono::seconds kWaitToldEvery{10};
inline constexpr std::chrono::milliseconds kQueryLimit{2000};  // for models and stats

// What carries the calls; apps binds it to the supervisor's worker.
class EngineLink {
 public:
  virtual ~EngineLink() = default;
  virtual void call(std::string_view method, std::string_view body,
                    std::chrono::milliseconds timeout, wire::RpcClient::Reply reply) = 0;
  virtual EngineStatus status() const = 0;
};

class RemoteEngine : public Engine {
 public:
  RemoteEngine(EngineLink& link, std::chrono::milliseconds ready_timeout)
      : link_(link), ready_timeout_(ready_timeout) {}

  void generate(wire::GenerateRequest request, std::shared_ptr<GenerateListener> listener) override;
  void cancel(const std::string& request) override;
  void models(Answered<std::vector<wire::ModelInfo>> answered) override;
  void stats(Answered<wire::EngineStats> answered) override;
  EngineStatus status() const override { return link_.status(); }

  // News of the engine. Throws Error for a frame that cannot be understood, or cannot be this
  // engine's next.
  void notified(const wire::Message& message);
  void ready();
  // `suspects`: wire::request_key of those that it was busy with; none if nobody is to blame.
  void died(const std::string& reason, const std::vector<std::uint64_t>& suspects);
  void parked(const std::string& reason);
  // Time passes: fails what has waited for an engine for too long. To be called about once a
  // second; a longer time between two calls counts as kExpireEveryMax.
  void expire(Instant now);
  // Ends every request, for a shutdown that has run out of patience; says how many there were.
  int fail_all(const wire::Failure& failure);

 private:
  enum class Stage { kWaiting, kSent };
  struct Live {
    // With what was said so far. Changed by the engine's rows alone, and none come between an
    // engine's death and the call that hands it to the next.
    std::shared_ptr<wire::GenerateRequest> request;
    std::shared_ptr<GenerateListener> listener;
    Stage stage = Stage::kWaiting;
    Clock::duration waited{};  // for an engine, this time
    bool accepted = false;
    bool cancelled = false;
    bool put_off = false;  // by this engine, which it is to ask again
    int sent_to = 0;       // which of the engine's lives; the last one; 0: none holds it
    int attempts = 0;      // an answer to an earlier one is of no interest
    int deaths = 0;
    std::size_t tried_at = 0;  // tokens it had said when its trial began
    bool set_aside = false;    // cancelled at the engine, to go on later
  };

  void send_waiting();
  void send(const std::string& request, int attempt);
  void send_cancel(const std::string& request);
  void answered(const std::string& request, int attempt, const wire::Message& message);
  // Takes the request out, if it is still there, and completes it with the failure.
  void end(const std::string& request, const wire::Failure& failure);
  void load_progressed(const wire::LoadProgress& progress);
  // What waits for a trial to end, goes on if it has.
  void settle_trial();
  // Takes matching requests out and completes them with the failure.
  template <class Predicate>
  int fail_where(const wire::Failure& failure, Predicate matches);

  EngineLink& link_;
  const std::chrono::milliseconds ready_timeout_;
  std::mutex mutex_;  // guards everything below
  std::map<std::string, Live> live_;
  std::string trial_;  // the request that runs alone; empty if none does
  Quarantine quarantine_;
  LoadNews load_news_;
  Instant now_{};  // of the last expire()
};

}  // namespace sanctum::gateway
