#include "supervisor/worker.h"

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"
#include "platform/process.h"

namespace sanctum::supervisor {

namespace {
constexpr std::chrono::milliseconds kNoTimeout{0};
}  // namespace

class Worker::Keeper {
 public:
  Keeper(WorkerOptions options, WorkerListener listener)
      : options_(std::move(options)), listener_(std::move(listener)) {}

  void start() {
    thread_ = std::thread([this] { keep(); });
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void kill() {
    const std::lock_guard lock(mutex_);
    if (process_) process_->signal(SIGKILL);
  }

  WorkerStatus status() const {
    const std::lock_guard lock(mutex_);
    return {policy_.worker, policy_.reason, process_ ? static_cast<int>(process_->pid()) : 0,
            starts_, last_exit_};
  }

  void call(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
            wire::RpcClient::Reply reply) {
    std::shared_ptr<wire::RpcClient> client;
    wire::Failure failure = wire::lost("the engine is not running");
    {
      const std::lock_guard lock(mutex_);
      if (policy_.worker == WorkerState::kReady) client = client_;
      if (!policy_.reason.empty()) failure.message += ": " + policy_.reason;
    }
    if (client) return client->call(method, body, timeout, std::move(reply));
    reply(wire::Message(wire::failure_line("0", failure)));
  }

 private:
  void keep() {
    RestartDecision decision = decide_now({});
    while (true) {
      if (decision.start) {
        decision = run_once();
      } else {
        std::unique_lock lock(mutex_);
        const auto stopping = [this] { return stopping_; };
        if (decision.next_timer == Instant::max()) {
          wake_.wait(lock, stopping);
        } else {
          wake_.wait_until(lock, decision.next_timer, stopping);
        }
        lock.unlock();
        decision = decide_now({});
      }
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    const std::lock_guard lock(mutex_);
    policy_.worker = WorkerState::kAbsent;
  }

  RestartDecision decide_now(const WorkerEvent& event) {
    RestartDecision decision;
    WorkerState before, after;
    std::string reason;
    {
      const std::lock_guard lock(mutex_);
      before = policy_.worker;
      decision = decide(policy_, event, Clock::now());
      if (decision.start) ++starts_;
      after = policy_.worker;
      reason = policy_.reason;
    }
    if (before != after) {
      const auto level = after == WorkerState::kParked ? log::Level::kError
                         : after == WorkerState::kDead ? log::Level::kWarn
                                                       : log::Level::kInfo;
      log::write(level, "engine_state",
                 {{"from", to_string(before)}, {"to", to_string(after)}, {"reason", reason}});
      if (after == WorkerState::kParked && listener_.parked) listener_.parked(reason);
    }
    return decision;
  }

  // One life of the process, from spawn to reaping.
  RestartDecision run_once() {
    std::unique_ptr<platform::Process> process;
    try {
      process = std::make_unique<platform::Process>(
          platform::ProcessOptions{options_.path, options_.arguments, {}});
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kNotFound)
        return decide_now({WorkerEvent::Kind::kCannotStart, -1, error.what()});
      return decide_now({WorkerEvent::Kind::kDied, -1, error.what()});
    }
    log::info("engine_started", {{"pid", process->pid()}, {"path", options_.path}});
    open(*process);
    {
      const std::lock_guard lock(mutex_);
      process_ = std::move(process);
    }
    const std::string why = live();
    retire_client();
    const platform::ExitStatus status = reap();
    const std::string reason =
        "the engine " + platform::describe(status) + (why.empty() ? "" : " (" + why + ")");
    {
      const std::lock_guard lock(mutex_);
      process_.reset();
      last_exit_ = reason;
      if (stopping_) return {};
    }
    const auto decision =
        decide_now({WorkerEvent::Kind::kDied, status.signal == 0 ? status.code : -1, reason});
    if (listener_.died) listener_.died(reason);
    return decision;
  }

  void open(platform::Process& process) {
    {
      const std::lock_guard lock(mutex_);
      ended_ = false;
      answered_ = false;
      retired_.reset();
    }
    const auto notified = [this](const wire::Message& message) {
      note_answer(message);
      if (listener_.notified) listener_.notified(message);
    };
    const auto ended = [this](const std::string&) { set(ended_); };
    // The last user of a client may be one of its own callbacks, where it cannot be destroyed: it
    // comes back here instead.
    const auto retire = [this](wire::RpcClient* last) {
      {
        const std::lock_guard lock(mutex_);
        retired_.reset(last);
      }
      wake_.notify_all();
    };
    const std::shared_ptr<wire::RpcClient> client(
        new wire::RpcClient(process.take_socket(), notified, ended), retire);
    {
      const std::lock_guard lock(mutex_);
      client_ = client;
    }
    client->call("stats", "{}", kAnswerLimit, [this](const wire::Message& message) {
      if (!message.failure) set(answered_);
    });
  }

  // A life in which a request was completed is no part of a crash loop.
  void note_answer(const wire::Message& message) {
    if (message.method != "completed" || message.body().has("failure")) return;
    const std::lock_guard lock(mutex_);
    decide(policy_, {WorkerEvent::Kind::kAnswered, -1, {}}, Clock::now());
  }

  void set(bool& flag) {
    {
      const std::lock_guard lock(mutex_);
      flag = true;
    }
    wake_.notify_all();
  }

  // Until the process's socket ends or we stop; says why when it was not the process's own doing.
  std::string live() {
    std::unique_lock lock(mutex_);
    if (!wake_.wait_for(lock, kAnswerLimit, [this] { return answered_ || ended_ || stopping_; })) {
      return "it did not answer within " + std::to_string(kAnswerLimit.count()) + " s of its start";
    }
    if (answered_ && !ended_ && !stopping_) {
      lock.unlock();
      ask_for_models();
      decide_now({WorkerEvent::Kind::kReady, -1, {}});
      if (listener_.ready) listener_.ready();
      lock.lock();
    }
    wake_.wait(lock, [this] { return ended_ || stopping_; });
    return {};
  }

  void ask_for_models() {
    std::shared_ptr<wire::RpcClient> client;
    {
      const std::lock_guard lock(mutex_);
      client = client_;
    }
    for (const auto& load : options_.models) {
      client->call("load_model", wire::encode(load), kNoTimeout,
                   [this, load](const wire::Message& message) {
                     if (message.failure && wire::is_lost(*message.failure))
                       return;  // told again after the restart
                     if (message.failure) {
                       log::error("model_load_failed",
                                  {{"model", load.model}, {"error", message.failure->message}});
                     } else {
                       log::info("model_ready", {{"model", load.model}});
                     }
                     if (listener_.loaded)
                       listener_.loaded(load.model, message.failure ? &*message.failure : nullptr);
                   });
    }
  }

  void retire_client() {
    std::shared_ptr<wire::RpcClient> client;
    {
      const std::lock_guard lock(mutex_);
      client = std::move(client_);
      client_.reset();
    }
    client->end();
    client.reset();
    std::unique_ptr<wire::RpcClient> last;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return retired_ != nullptr; });
      last = std::move(retired_);
    }
  }

  platform::ExitStatus reap() {
    platform::Process& process = *process_;  // only this thread replaces it
    if (!stopped()) {
      if (const auto status = process.wait(kExitLimit)) return *status;
    }
    process.signal(SIGTERM);
    if (const auto status = process.wait(kTerminateLimit)) return *status;
    log::warn("engine_killed", {{"pid", process.pid()}, {"reason", "it ignored SIGTERM"}});
    process.signal(SIGKILL);
    while (true) {
      if (const auto status = process.wait(kTerminateLimit)) return *status;
    }
  }

  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  const WorkerOptions options_;
  const WorkerListener listener_;
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  RestartState policy_;
  std::unique_ptr<platform::Process> process_;
  std::shared_ptr<wire::RpcClient> client_;
  std::unique_ptr<wire::RpcClient> retired_;
  std::string last_exit_;
  int starts_ = 0;
  bool answered_ = false;
  bool ended_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

Worker::Worker(WorkerOptions options, WorkerListener listener)
    : keeper_(std::make_unique<Keeper>(std::move(options), std::move(listener))) {}
Worker::~Worker() {
  keeper_->stop();
}
void Worker::start() {
  keeper_->start();
}
void Worker::stop() {
  keeper_->stop();
}
void Worker::kill() {
  keeper_->kill();
}
WorkerStatus Worker::status() const {
  return keeper_->status();
}
void Worker::call(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
                  wire::RpcClient::Reply reply) {
  keeper_->call(method, body, timeout, std::move(reply));
}

}  // namespace sanctum::supervisor
