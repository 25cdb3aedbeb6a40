// The engine behind its RPC: reads requests, answers them, sends notifications.
//
// One peer at a time. handle() is called on the thread that reads the peer; answers may be sent
// from other threads, each line whole (Peer::send is thread-safe).
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/bounded_reads.h"
#include "engine/device_thread.h"
#include "engine/load_halves.h"
#include "engine/model_table.h"
#include "engine/output_worker.h"
#include "engine/requests.h"
#include "engine/script.h"
#include "engine/text_pool.h"
#include "wire/rpc.h"

namespace sanctum::engine {

class Peer {
 public:
  virtual ~Peer() = default;
  // A whole line. Lines to a peer that is gone are dropped.
  virtual void send(std::string_view line) = 0;
};

struct ServiceOptions {
  DeviceOptions device;
  int queue_max = 64;    // requests beyond sequences_max
  int text_threads = 2;  // and one for what is reserved
  std::uint64_t request_bytes_max = kRequestBytesMax;
  std::chrono::milliseconds read_limit = kReadLimit;  // of a load, but for its weights
  std::string template_program;  // sanctum-engine's; empty: templates are rendered in this process
  std::shared_ptr<const Script> script = nullptr;  // of all models, for tests
};

class Service final : private DeviceListener {
 public:
  Service(ServiceOptions options, Peer& peer);
  ~Service() override;

  // One line. A line that is no JSON-RPC throws Error(kCorrupt): the peer is given up.
  void handle(std::string_view line);
  bool shutdown_requested() const;
  // The peer is gone: nobody wants its answers.
  void cancel_all() { requests_.cancel_all(); }
  // Waits until nothing is loading and every request has ended.
  void drain();

 private:
  void dispatch(const wire::Message& message);
  void load_model(const std::string& rpc_id, const wire::LoadRequest& request);
  // Both halves of the load begin.
  void load_both(const std::string& model, const models::Description& description);
  void load_text(const std::string& model, const models::Description& description);
  // Ends a half of the model's load, as `end` says; settles the load with the second one.
  void end_half(const std::string& model, const std::function<void(LoadHalves&)>& end);
  void fail_load(const std::string& model, const wire::Failure& failure);
  void unload_model(const std::string& rpc_id, const std::string& model);
  void set_switches(const wire::Switches& switches);
  void tokenize(const std::string& rpc_id, const wire::TokenizeRequest& request);
  std::vector<wire::ModelInfo> models() const;
  wire::EngineStats stats() const;
  // Lets go on who waits with a request.
  void settled(const std::string& model);
  void send_progress(const std::string& model, std::string_view phase, std::uint64_t done,
                     std::uint64_t total);
  void wake_drain();

  void on_load_progress(const std::string& model, std::uint64_t done, std::uint64_t total) override;
  void on_loaded(const std::string& model, const models::Traits& traits,
                 std::int64_t load_us) override;
  void on_load_failed(const std::string& model, const wire::Failure& failure) override;
  void on_unloaded(const std::string& model) override;
  void on_step(std::uint64_t step, StepOutput output) override;
  bool has_room() const override;

  const ServiceOptions options_;
  Peer& peer_;
  ModelTable models_;
  const std::shared_ptr<text::TemplateRenderer> renderer_;
  const std::shared_ptr<const Script> script_;

  mutable std::mutex mutex_;  // guards the five below
  std::condition_variable changed_;
  std::map<std::string, LoadHalves> loads_;                         // under way
  std::map<std::string, std::vector<std::string>> load_waiters_;    // model -> rpc ids
  std::map<std::string, std::vector<std::string>> unload_waiters_;  // model -> rpc ids
  bool shutdown_ = false;
  wire::Switches switches_;

  OutputWorker output_;
  DeviceThread device_;
  TextPool pool_;
  BoundedReads reads_;
  Requests requests_;
};

}  // namespace sanctum::engine
