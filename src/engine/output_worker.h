// The thread that turns a step's tokens into the frames that leave the engine.
//
// Takes StepOutput from the device thread through a bounded queue (has_room), runs each request's
// OutputStream and sends one `tokens` frame a step, then a `completed` for each request that ended.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "engine/output_stream.h"
#include "wire/messages.h"

namespace sanctum::engine {

inline constexpr std::size_t kStepsQueuedMax = 256;

struct OutputHooks {
  std::function<void(const wire::TokensFrame&)> send_tokens;
  std::function<void(const wire::Completed&)> send_completed;    // the request's last word
  std::function<void(const std::string& request)> stop_request;  // its stop string was met
  std::function<void()> room;                                    // the queue has room again
};

class OutputWorker {
 public:
  explicit OutputWorker(OutputHooks hooks);
  ~OutputWorker() { stop(); }
  // What is still queued is dropped.
  void stop();

  // Before the request's first token can come.
  void open(const std::string& request, std::unique_ptr<OutputStream> stream);
  void push(std::uint64_t step, StepOutput output);
  bool has_room() const;

 private:
  struct Queued {
    std::uint64_t step;
    StepOutput output;
  };
  void run();
  void handle(const Queued& queued);

  OutputHooks hooks_;
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<Queued> queue_;
  std::map<std::string, std::unique_ptr<OutputStream>> streams_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sanctum::engine
