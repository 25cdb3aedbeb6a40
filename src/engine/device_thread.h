// The one thread that owns the device: it creates the stream, loads, evaluates and frees.
//
// Other threads hand it commands (host data only) and get host data back through DeviceListener,
// whose methods are called on the device thread and must not block. Steps of several models take
// turns. While the listener has no room the thread runs no step; it never waits on a client.
// A device error (MLX throws) is not survivable for the arrays involved: it is reported and the
// process ends, for the supervisor to start a fresh one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "engine/fault.h"
#include "engine/model_runner.h"
#include "models/registry.h"
#include "wire/heartbeat.h"

namespace sanctum::engine {

class DeviceListener {
 public:
  virtual ~DeviceListener() = default;
  virtual void on_load_progress(const std::string& model, std::uint64_t done,
                                std::uint64_t total) = 0;
  virtual void on_loaded(const std::string& model, const models::Traits& traits,
                         std::int64_t load_us) = 0;
  virtual void on_load_failed(const std::string& model, const wire::Failure& failure) = 0;
  virtual void on_unloaded(const std::string& model) = 0;
  virtual void on_step(std::uint64_t step, StepOutput output) = 0;
  // Whether the output of another step can be taken.
  virtual bool has_room() const = 0;
};

// Read by any thread; written by the device thread after each step.
struct DeviceCounters {
  std::atomic<std::uint64_t> steps{0}, prompt_tokens{0}, completion_tokens{0},
      requests_completed{0};
  std::atomic<int> running{0}, waiting{0};
  std::atomic<std::uint64_t> kv_bytes{0}, prefix_bytes{0}, packed_bytes{0}, arena_bytes{0},
      active_bytes{0}, cache_bytes{0}, peak_bytes{0};
};

// A GPU is busy for long enough only with many rows.
inline constexpr int kStepTokensOnGpu = 2048;

struct DeviceOptions {
  StepLimits limits;                   // all but tokens_max
  int step_tokens = 0;                 // 0: nn::kStepTokensUsual, on a GPU kStepTokensOnGpu
  std::string kernels = "auto";        // auto, cpu (ours), mlx
  std::string compute_dtype = "auto";  // auto, float32, bfloat16, float16: of MLX's operations
  std::uint64_t kv_bytes = std::uint64_t{2} << 30;          // of one model's keys and values
  std::uint64_t prefix_bytes_max = std::uint64_t{1} << 30;  // kept while unused; 0: no prefix cache
  nn::CpuOptions cpu;                                       // of our kernels
  wire::Heartbeat* heartbeat = nullptr;                     // outlives the thread; null: none
  Fault fault;
};

class DeviceThread {
 public:
  // Throws Error(kInvalid) for options that exclude each other.
  DeviceThread(DeviceOptions options, DeviceListener& listener);
  ~DeviceThread() { stop(); }
  // Ends the thread after its current step; sequences still here end without a word. Commands that
  // come later are ignored.
  void stop();

  // Ends soon with on_load_failed once `given_up` is set.
  void load(const std::string& model, const models::Description& description,
            std::shared_ptr<const std::atomic<bool>> given_up);
  void unload(const std::string& model);
  // As unload, but for a load that failed elsewhere: nobody is told.
  void drop(const std::string& model);
  void submit(const std::string& model, std::unique_ptr<Sequence> sequence);
  void cancel(const std::string& request);
  void set_switches(const wire::Switches& switches);
  // Room may have appeared: look again.
  void wake();

  const DeviceCounters& counters() const { return counters_; }
  const std::string& device_name() const { return device_name_; }
  int threads() const { return threads_; }  // of our kernels; 0 where they do not compute

 private:
  void post(std::function<void()> command);
  void run();
  void run_steps();
  void do_load(const std::string& model, const models::Description& description,
               const std::atomic<bool>& given_up);
  void erase(const std::string& model);
  void publish_counters();
  bool work_left() const;

  DeviceOptions options_;
  DeviceListener& listener_;
  DeviceCounters counters_;
  std::string device_name_;
  int threads_;

  std::mutex mutex_;  // guards commands_, stopping_ and poked_
  std::condition_variable changed_;
  std::deque<std::function<void()>> commands_;  // bounded by live requests and models
  bool stopping_ = false;
  bool poked_ = false;

  nn::BackendPointer backend_;                                   // device thread only
  std::map<std::string, std::unique_ptr<ModelRunner>> runners_;  // device thread only
  wire::Switches switches_;                                      // device thread only
  std::thread thread_;
};

}  // namespace sanctum::engine
