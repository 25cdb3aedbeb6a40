#include "supervisor/worker.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.h"
#include "platform/machine.h"
#include "platform/process.h"
#include "platform/shared_page.h"
#include "supervisor/program_file.h"
#include "wire/heartbeat.h"

namespace sanctum::supervisor {

namespace {

constexpr std::chrono::milliseconds kNoTimeout{0};
constexpr std::chrono::milliseconds kReapEvery{20};
constexpr std::chrono::seconds kParkedLookEvery{2};

log::Level level_of(WorkerState state) {
  switch (state) {
    case WorkerState::kParked:
      return log::Level::kError;
    case WorkerState::kDead:
    case WorkerState::kWedged:
      return log::Level::kWarn;
    default:
      return log::Level::kInfo;
  }
}

}  // namespace

class Worker::Keeper {
 public:
  Keeper(WorkerOptions options, WorkerListener listener)
      : options_(std::move(options)),
        listener_(std::move(listener)),
        machine_(static_cast<int>(options_.models.size())),
        path_(options_.path) {}

  void start() {
    thread_ = std::thread([this] { keep(); });
  }

  void wake() { post(worker_event::Wanted{}); }
  void set_switches(const wire::Switches& switches) {
    std::shared_ptr<wire::RpcClient> client;
    {
      const std::lock_guard lock(mutex_);
      switches_ = switches;
      if (can_be_asked(status_.state)) client = client_;
    }
    if (client) tell_switches(*client, switches);
  }
  void replace(const std::string& reason) { post(worker_event::Condemned{reason}); }
  void retire(const std::string& program) {
    {
      const std::lock_guard lock(mutex_);
      if (!program.empty()) former_path_ = std::exchange(path_, program);
    }
    post(worker_event::Retired{});
    post(worker_event::Wanted{});  // in case that there was none
  }

  void stop() {
    post(worker_event::Stop{});
    if (thread_.joinable()) thread_.join();
  }

  void kill() {
    const std::lock_guard lock(mutex_);
    if (process_) process_->signal(SIGKILL);
  }

  WorkerStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

  void call(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
            wire::RpcClient::Reply reply) {
    std::shared_ptr<wire::RpcClient> client;
    wire::Failure failure = wire::lost("the engine is not running");
    {
      const std::lock_guard lock(mutex_);
      if (can_be_asked(status_.state)) client = client_;
      if (!status_.reason.empty()) failure.message += ": " + status_.reason;
    }
    if (client) return client->call(method, body, timeout, std::move(reply));
    reply(wire::Message(wire::failure_line("0", failure)));
  }

 private:
  void post(WorkerInput input) {
    {
      const std::lock_guard lock(mutex_);
      inputs_.push_back(std::move(input));
    }
    wake_.notify_all();
  }

  void keep() {
    feed(worker_event::Time{});
    while (!over()) {
      std::deque<WorkerInput> inputs;
      {
        std::unique_lock lock(mutex_);
        const auto posted = [this] { return !inputs_.empty(); };
        const Instant look_at = next_look();
        if (look_at == Instant::max()) {
          wake_.wait(lock, posted);
        } else {
          wake_.wait_until(lock, look_at, posted);
        }
        inputs.swap(inputs_);
      }
      for (const auto& input : inputs) feed(input);
      if (Clock::now() >= machine_.next_time()) feed(worker_event::Time{});
      if (machine_.ending()) reap();
      if (machine_.alive() && Clock::now() >= looked_at_ + kLookEvery) look_at_process();
      if (parked() && Clock::now() >= looked_at_ + kParkedLookEvery) look_at_program_file();
    }
  }

  bool over() const {
    const std::lock_guard lock(mutex_);
    return stopped_ && !process_ && inputs_.empty();
  }

  bool parked() const { return machine_.state() == WorkerState::kParked; }

  Instant next_look() const {
    if (machine_.ending()) return Clock::now() + kReapEvery;
    if (parked()) return looked_at_ + kParkedLookEvery;
    return machine_.alive() ? std::min(looked_at_ + kLookEvery, machine_.next_time())
                            : machine_.next_time();
  }

  void feed(const WorkerInput& input) {
    stopped_ |= std::holds_alternative<worker_event::Stop>(input);
    const std::vector<WorkerOutput> outputs = machine_.on(input, Clock::now());
    publish();
    for (const auto& output : outputs)
      std::visit([this](const auto& action) { carry_out(action); }, output);
  }

  void publish() {
    WorkerState before, after = machine_.state();
    {
      const std::lock_guard lock(mutex_);
      before = std::exchange(status_.state, after);
      status_.reason = machine_.reason();
      status_.in_crash_loop = machine_.in_crash_loop();
    }
    if (before == after) return;
    log::write(
        level_of(after), "engine_state",
        {{"from", to_string(before)}, {"to", to_string(after)}, {"reason", machine_.reason()}});
    if (listener_.changed) listener_.changed(before, after, machine_.reason());
  }

  void carry_out(const worker_action::Spawn&) {
    const std::string path = this->path();
    tried_ = look_at_program(path);
    kills_before_ = platform::out_of_memory_kills();
    try {
      // Of this life alone: what the last one wrote late must not be read as this one's.
      page_ = std::make_unique<platform::SharedPage>(sizeof(wire::Heartbeat));
      std::vector<int> descriptors{page_->descriptor()};
      descriptors.insert(descriptors.end(), options_.held.begin(), options_.held.end());
      auto process = std::make_unique<platform::Process>(
          platform::ProcessOptions{path, options_.arguments, {}, descriptors});
      log::info("engine_started", {{"pid", process->pid()}, {"path", path}});
      const int socket = process->take_socket();
      {
        const std::lock_guard lock(mutex_);
        process_ = std::move(process);
        status_.pid = static_cast<int>(process_->pid());
        ++status_.starts;
      }
      looked_at_ = Clock::now();
      open(socket);
      feed(worker_event::Spawned{});
    } catch (const Error& error) {
      feed(worker_event::CannotStart{error.what(), error.code() == ErrorCode::kNotFound});
    }
  }

  void open(int socket) {
    {
      const std::lock_guard lock(mutex_);
      retired_.reset();
    }
    const auto notified = [this](const wire::Message& message) {
      note_progress(message);
      if (listener_.notified) listener_.notified(message);
    };
    const auto ended = [this](const std::string&) { post(worker_event::SocketEnded{}); };
    // The last user of a client may be one of its own callbacks, where it cannot be destroyed: it
    // comes back here instead.
    const auto retire = [this](wire::RpcClient* last) {
      {
        const std::lock_guard lock(mutex_);
        retired_.reset(last);
      }
      wake_.notify_all();
    };
    const std::shared_ptr<wire::RpcClient> client(new wire::RpcClient(socket, notified, ended),
                                                  retire);
    {
      const std::lock_guard lock(mutex_);
      client_ = client;
    }
    client->call("stats", "{}", kAnswerLimit, [this](const wire::Message& message) {
      if (!message.failure) post(worker_event::Answered{});
    });
  }

  // One token at least stands in every row.
  void note_progress(const wire::Message& message) {
    if (message.method != "tokens") return;
    const auto rows = static_cast<int>(message.body().at("rows").as_array().size());
    if (said_.fetch_add(rows) < kProgressTokens) post(worker_event::Said{rows});
  }

  static void tell_switches(wire::RpcClient& client, const wire::Switches& switches) {
    client.call("set_switches", wire::encode(switches), kAnswerLimit,
                [](const wire::Message& message) {
                  if (message.failure && !wire::is_lost(*message.failure))
                    log::error("switches_refused", {{"error", message.failure->message}});
                });
  }

  void carry_out(const worker_action::AskForModels&) {
    wire::Switches switches;
    {
      const std::lock_guard lock(mutex_);
      switches = switches_;
    }
    // An engine as it comes has everything on.
    if (switches != wire::Switches()) tell_switches(*client_, switches);
    for (const auto& load : options_.models) {
      client_->call("load_model", wire::encode(load), kNoTimeout,
                    [this, load](const wire::Message& message) {
                      if (message.failure && wire::is_lost(*message.failure))
                        return;  // told again after the restart
                      if (message.failure) {
                        log::error("model_load_failed",
                                   {{"model", load.model}, {"error", message.failure->message}});
                      } else {
                        log::info("model_ready", {{"model", load.model}});
                      }
                      post(worker_event::LoadSettled{});
                      if (listener_.loaded)
                        listener_.loaded(load.model, message.failure ? &*message.failure : nullptr);
                    });
    }
  }

  void carry_out(const worker_action::CloseSocket&) {
    std::shared_ptr<wire::RpcClient> client;
    {
      const std::lock_guard lock(mutex_);
      client = std::move(client_);
      client_.reset();
    }
    if (!client) return;
    client->end();
    client.reset();
    std::unique_ptr<wire::RpcClient> last;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return retired_ != nullptr; });
      last = std::move(retired_);
    }
  }

  void carry_out(const worker_action::Signal& action) {
    if (action.number == SIGKILL)
      log::warn("engine_killed", {{"pid", process_->pid()}, {"reason", "it ignored SIGTERM"}});
    process_->signal(action.number);
  }

  void carry_out(const worker_action::TellReady&) {
    if (listener_.ready) listener_.ready();
  }
  void carry_out(const worker_action::TellDied& action) {
    {
      const std::lock_guard lock(mutex_);
      status_.last_exit = action.death.reason;
    }
    if (listener_.died) listener_.died(action.death);
  }
  void carry_out(const worker_action::TellParked& action) {
    std::string former;
    {
      const std::lock_guard lock(mutex_);
      former = std::exchange(former_path_, {});
      if (!former.empty()) path_ = former;
    }
    if (!former.empty()) {
      log::error("engine_replacement_failed", {{"reason", action.reason}, {"back_to", former}});
      return feed(worker_event::Wanted{});
    }
    if (listener_.parked) listener_.parked(action.reason);
  }

  std::string path() const {
    const std::lock_guard lock(mutex_);
    return path_;
  }

  void look_at_process() {
    looked_at_ = Clock::now();
    feed(worker_event::Seen{wire::read_pulse(heartbeat()), platform::is_stopped(process_->pid())});
  }

  void look_at_program_file() {
    looked_at_ = Clock::now();
    const std::string path = this->path();
    const ProgramFile now = look_at_program(path);
    if (!now.runnable || now == tried_) return;
    log::info("engine_changed", {{"path", path}});
    feed(worker_event::Wanted{});
  }

  void reap() {
    const auto status = process_->wait(std::chrono::milliseconds(0));
    if (!status) return;
    worker_event::Exited exited{*status, platform::out_of_memory_kills() != kills_before_,
                                wire::read_suspects(heartbeat())};
    {
      const std::lock_guard lock(mutex_);
      process_.reset();
      status_.pid = 0;
      // What the process still said when it ended is no news of the next.
      std::erase_if(inputs_, [](const WorkerInput& input) {
        return !std::holds_alternative<worker_event::Stop>(input);
      });
    }
    said_ = 0;
    feed(exited);
  }

  const wire::Heartbeat& heartbeat() const {
    return *static_cast<const wire::Heartbeat*>(page_->data());
  }

  const WorkerOptions options_;
  const WorkerListener listener_;
  // The keeper thread's:
  WorkerMachine machine_;
  std::unique_ptr<platform::SharedPage> page_;
  std::uint64_t kills_before_ = 0;
  Instant looked_at_{};
  ProgramFile tried_;  // when it was last started
  bool stopped_ = false;

  std::atomic<int> said_{0};  // rows of this life
  mutable std::mutex mutex_;  // guards everything below; the keeper alone changes process_
  std::condition_variable wake_;
  std::deque<WorkerInput> inputs_;
  WorkerStatus status_;
  wire::Switches switches_;
  std::string path_;
  std::string former_path_;  // of what `path_` took the place of, to go back to
  std::unique_ptr<platform::Process> process_;
  std::shared_ptr<wire::RpcClient> client_;
  std::unique_ptr<wire::RpcClient> retired_;
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
void Worker::wake() {
  keeper_->wake();
}
void Worker::replace(const std::string& reason) {
  keeper_->replace(reason);
}
void Worker::retire(const std::string& program) {
  keeper_->retire(program);
}
void Worker::set_switches(const wire::Switches& switches) {
  keeper_->set_switches(switches);
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
