// The life of every request in the engine, from `generate` to its one `completed`.
//
//   generate -> (waiting for the model) -> preparing (text pool) -> on the device -> completed
//
// Invariants: a request is refused or accepted exactly once; an accepted one is completed exactly
// once; live requests are at most sequences_max + queue_max, and kReservedMax reserved ones.
// Thread-safe; the one lock orders a cancel against the hand-over to the device, so that none is
// lost.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "engine/device_thread.h"
#include "engine/model_table.h"
#include "engine/output_worker.h"
#include "engine/text_pool.h"
#include "wire/heartbeat.h"
#include "wire/messages.h"

namespace sanctum::engine {

inline constexpr int kReadyTimeoutMs = 120'000;  // a request's wait for a model that is loading

inline constexpr int kReservedMax = 2;  // live; one runs, one may wait

struct RequestHooks {
  std::function<void(const std::string& rpc_id, const wire::Accepted&)> accepted;
  std::function<void(const std::string& rpc_id, const wire::Failure&)> refused;
  std::function<void(const wire::Completed&)> completed;
  std::function<void(const std::string& model)> last_lease_returned;
  std::function<void()> idle;  // no request is live any more
};

class Requests {
 public:
  Requests(int live_max, ModelTable& models, TextPool& pool, DeviceThread& device,
           OutputWorker& output, RequestHooks hooks, wire::Heartbeat* heartbeat = nullptr);
  ~Requests() { stop(); }
  void stop();

  // Answers through the hooks, now or later. Throws nothing.
  void generate(const std::string& rpc_id, wire::GenerateRequest request);
  // Whether the request was live.
  bool cancel(const std::string& request);
  void cancel_all();
  // What comes from now on.
  void set_switches(const wire::Switches& switches);
  // The output worker has the request's last word, which is sent through the hook. The request is
  // no longer live by then: whoever reads the word may send another at once.
  void completed(const wire::Completed& completed);
  // The model became ready or failed: those who wait for it go on.
  void model_settled(const std::string& model);
  // No request is live and every last word is sent.
  bool idle() const;

 private:
  struct Live {
    std::string model;
    std::string rpc_id;
    Instant received;
    bool cancelled = false;
    bool on_device = false;
    bool reserved = false;
  };
  struct Waiting {
    std::string request;
    wire::GenerateRequest generate;
    Instant deadline;
  };

  void prepare(wire::GenerateRequest request);
  void start(const wire::GenerateRequest& request, const std::shared_ptr<const TextModel>& text);
  void refuse(const std::string& request, const wire::Failure& failure);
  // No longer live from here on; `left` when its last word is sent.
  Live leave(const std::string& request);
  void left();
  void count_live();  // with the lock held
  void watch_deadlines();

  const int live_max_;
  ModelTable& models_;
  TextPool& pool_;
  DeviceThread& device_;
  OutputWorker& output_;
  RequestHooks hooks_;
  wire::Heartbeat* const heartbeat_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::map<std::string, Live> live_;
  int leaving_ = 0;  // between leave() and left()
  std::vector<Waiting> waiting_;
  wire::Switches switches_;
  bool stopping_ = false;
  std::thread deadlines_;
};

}  // namespace sanctum::engine
