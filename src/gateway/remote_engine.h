// An Engine in another process, reached by JSON-RPC.
//
// Contract: a request that meets no engine waits for one, up to `ready_timeout`; one whose engine
// died before any output is sent once more, and so is one whose listener can start over (the seed
// is fixed, so the answer is the same); any other fails with kUnavailable. When the engine will not
// come back (parked), all fail at once. Thread rule: any thread. Listeners are called without locks
// held.
#pragma once

#include <chrono>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "gateway/engine.h"
#include "wire/rpc_client.h"

namespace sanctum::gateway {

inline constexpr int kReplaysMax = 1;
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

  // News of the engine. A frame that cannot be understood throws Error.
  void notified(const wire::Message& message);
  void ready();
  void died(const std::string& reason);
  void parked(const std::string& reason);
  // Fails what has waited for an engine for too long; to be called about once a second.
  void expire(Instant now);
  // Ends every request, for a shutdown that has run out of patience.
  void fail_all(const wire::Failure& failure);

 private:
  enum class Stage { kWaiting, kSent };
  struct Live {
    std::shared_ptr<const std::string> body;  // as it is sent; kept while a replay is possible
    std::shared_ptr<GenerateListener> listener;
    Stage stage = Stage::kWaiting;
    Instant waiting_since;
    bool accepted = false;
    bool has_output = false;
    bool cancelled = false;
    int sent_to = 0;   // which of the engine's lives
    int attempts = 0;  // an answer to an earlier one is of no interest
    int replays = 0;
  };

  void send_waiting();
  void send(const std::string& request, int attempt);
  void send_cancel(const std::string& request);
  void answered(const std::string& request, int attempt, const wire::Message& message);
  // Takes matching requests out and completes them with the failure.
  template <class Predicate>
  void fail_where(const wire::Failure& failure, Predicate matches);

  EngineLink& link_;
  const std::chrono::milliseconds ready_timeout_;
  std::mutex mutex_;  // guards live_
  std::map<std::string, Live> live_;
};

}  // namespace sanctum::gateway
