// The threads that serve connections, and what a connection needs of them.
//
// Contract: everything of one connection runs on its Strand, one piece at a time and in order.
// A function that throws ends nothing but itself: it is logged. Who owns something that must not go
// on without it (a connection, a request) catches it before that. Asio stays behind this header
// (event_loop_asio.h opens it for the few files that need it).
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace sanctum::gateway {

// Owned and used on its strand only.
class Timer {
 public:
  virtual ~Timer() = default;
  // Replaces what was armed before. After cancel() or destruction nothing is called.
  virtual void arm(std::chrono::milliseconds delay, std::function<void()> action) = 0;
  virtual void cancel() = 0;
};

class Strand {
 public:
  virtual ~Strand() = default;
  virtual void post(std::function<void()> action) = 0;  // from any thread
  virtual std::unique_ptr<Timer> make_timer() = 0;
};

class EventLoop {
 public:
  // Throws std::system_error when the system has no thread.
  explicit EventLoop(int threads);
  ~EventLoop();  // stops: what is still pending is dropped
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  std::shared_ptr<Strand> make_strand();
  void stop();

  struct Context;
  Context& context() { return *context_; }

 private:
  void serve();
  void tell_to_stop();
  std::unique_ptr<Context> context_;
};

}  // namespace sanctum::gateway
