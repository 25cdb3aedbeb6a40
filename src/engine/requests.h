// The life of every request in the engine, from `generate` to its one `completed`.
//
//   generate -> (waiting for the model) -> preparing (text pool) -> on the device -> completed
//
// Preparing is a row of jobs, one for the text and one for each picture; between two of them others
// get their turn, and a cancel is seen.
//
// Invariants: a request is refused or accepted exactly once; an accepted one is completed exactly
// once; live requests are at most sequences_max + queue_max, and kReservedMax reserved ones; those
// that are not reserved hold at most `bytes_max` (engine/request_bytes.h). One that an engine
// before this one had accepted has its place: it counts, and no limit is held against it.
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
#include "engine/request_bytes.h"
#include "engine/text_pool.h"
#include "wire/heartbeat.h"
#include "wire/messages.h"

namespace sanctum::engine {

inline constexpr int kReadyTimeoutMs = 120'000;  // a request's wait for a model that is loading

inline constexpr int kReservedMax = 2;  // live; one runs, one may wait

struct RequestLimits {
  int live_max = 80;
  std::uint64_t bytes_max = kRequestBytesMax;
};

struct RequestHooks {
  std::function<void(const std::string& rpc_id, const wire::Accepted&)> accepted;
  std::function<void(const std::string& rpc_id, const wire::Failure&)> refused;
  std::function<void(const wire::Completed&)> completed;
  std::function<void(const std::string& model)> last_lease_returned;
  std::function<void()> idle;  // no request is live any more
};

class Requests {
 public:
  Requests(RequestLimits limits, ModelTable& models, TextPool& pool, DeviceThread& device,
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
    bool again = false;
    std::uint64_t bytes = 0;
  };
  struct Preparing {
    std::shared_ptr<const TextModel> text;
    TextModel::Preparation preparation;
  };
  struct Waiting {
    std::string request;
    wire::GenerateRequest generate;
    Instant deadline;
  };

  // Why a newcomer of so many bytes is not let in; with the lock held.
  std::optional<wire::Failure> no_room_for(const wire::GenerateRequest& request,
                                           std::uint64_t bytes) const;
  void prepare(wire::GenerateRequest request);
  void read_pictures(const std::shared_ptr<Preparing>& preparing);
  // Counts what the request now holds. Throws Error(kCancelled); Error(kBusy) where that is more
  // than is left, Error(kInvalid) where it is more than there can ever be.
  void hold(const std::string& request, std::uint64_t bytes);
  void start(Preparing& preparing);
  // The end of one that wants to know no more than that.
  void count(const wire::Accepted& accepted);
  // Refuses a request that had been granted its model.
  void give_up(const std::string& request, const std::string& model, const std::exception& error);
  void refuse(const std::string& request, const wire::Failure& failure);
  // No longer live from here on; `left` when its last word is sent.
  Live leave(const std::string& request);
  void left();
  // With the lock held. Who waits for a load is nobody's work: the wait has a deadline of its own.
  void count_live();
  void watch_deadlines();

  const RequestLimits limits_;
  ModelTable& models_;
  TextPool& pool_;
  DeviceThread& device_;
  OutputWorker& output_;
  RequestHooks hooks_;
  wire::Heartbeat* const heartbeat_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::map<std::string, Live> live_;
  std::uint64_t bytes_ = 0;  // of those that are not reserved
  int leaving_ = 0;          // between leave() and left()
  std::vector<Waiting> waiting_;
  wire::Switches switches_;
  bool stopping_ = false;
  std::thread deadlines_;
};

}  // namespace sanctum::engine
