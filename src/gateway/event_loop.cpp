#include "gateway/event_loop.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <utility>

#include "base/log.h"
#include "gateway/event_loop_asio.h"

namespace sanctum::gateway {
namespace {

namespace asio = boost::asio;

class AsioTimer : public Timer {
 public:
  explicit AsioTimer(const StrandExecutor& executor) : timer_(executor) {}
  ~AsioTimer() override { cancel(); }

  void arm(std::chrono::milliseconds delay, std::function<void()> action) override {
    cancel();
    timer_.expires_after(delay);
    // A wait that has already ended cannot be cancelled: its token says whether it still counts.
    token_ = std::make_shared<int>(0);
    timer_.async_wait([token = std::weak_ptr<int>(token_),
                       action = std::move(action)](boost::system::error_code ec) {
      if (!ec && !token.expired()) action();
    });
  }

  void cancel() override {
    token_.reset();
    timer_.cancel();
  }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<int> token_;
};

class AsioStrand : public Strand {
 public:
  explicit AsioStrand(const StrandExecutor& executor) : executor_(executor) {}
  void post(std::function<void()> action) override { asio::post(executor_, std::move(action)); }
  std::unique_ptr<Timer> make_timer() override { return std::make_unique<AsioTimer>(executor_); }

 private:
  StrandExecutor executor_;
};

}  // namespace

std::shared_ptr<Strand> make_strand(const StrandExecutor& executor) {
  return std::make_shared<AsioStrand>(executor);
}

// What throws here belonged to nobody who could have caught it: one function, posted once. The
// others' go on; Asio's own state is whole, and the strand's next function runs.
void EventLoop::serve() {
  while (true) {
    try {
      context_->io.run();
      return;
    } catch (const std::exception& error) {
      log::error("posted_function_failed", {{"error", error.what()}});
    }
  }
}

EventLoop::EventLoop(int threads) : context_(std::make_unique<Context>()) {
  context_->threads.start(threads, [this] { serve(); }, [this] { tell_to_stop(); });
}

EventLoop::~EventLoop() {
  stop();
}

void EventLoop::tell_to_stop() {
  context_->work.reset();
  context_->io.stop();
}

void EventLoop::stop() {
  tell_to_stop();
  context_->threads.join();
}

std::shared_ptr<Strand> EventLoop::make_strand() {
  return gateway::make_strand(boost::asio::make_strand(context_->io));
}

}  // namespace sanctum::gateway
