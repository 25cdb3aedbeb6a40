#include "supervisor/worker.h"

#include <condition_variable>
#include <csignal>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "platform/out_of_memory.h"
#include "platform/process.h"
#include "platform/shared_page.h"

namespace sanctum::supervisor {

class Worker::SystemPort : public WorkerPort {
 public:
  SystemPort(WorkerOptions options, WorkerListener listener)
      : arguments_(std::move(options.arguments)),
        held_(std::move(options.held)),
        carrier_(std::move(options.path), std::move(options.models), std::move(listener), *this) {}
  ~SystemPort() override = default;
  SystemPort(const SystemPort&) = delete;
  SystemPort& operator=(const SystemPort&) = delete;

  void start() {
    thread_ = std::thread([this] { keep(); });
  }
  // Runs it on the keeper thread.
  void tell(std::function<void(WorkerCarrier&)> what) {
    post([this, what = std::move(what)] { what(carrier_); });
  }
  void stop() {
    tell([](WorkerCarrier& carrier) { carrier.stop(); });
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
  void ask(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
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

  // --- WorkerPort ---
  Instant now() const override { return Clock::now(); }
  void post(std::function<void()> action) override {
    {
      const std::lock_guard lock(mutex_);
      posted_.push_back(std::move(action));
    }
    wake_.notify_all();
  }
  void publish(const WorkerStatus& status) override {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }

  int spawn(const std::string& program, WorkerConnection connection) override {
    // Of this life alone: what the last one wrote late must not be read as this one's.
    page_ = std::make_unique<platform::SharedPage>(sizeof(wire::Heartbeat));
    std::vector<int> descriptors{page_->descriptor()};
    descriptors.insert(descriptors.end(), held_.begin(), held_.end());
    auto process = std::make_unique<platform::Process>(
        platform::ProcessOptions{program, arguments_, {}, descriptors});
    const int pid = static_cast<int>(process->pid());
    kills_ = platform::OutOfMemoryKills(pid);
    open(process->take_socket(), std::move(connection));  // or the process ends with what is thrown
    const std::lock_guard lock(mutex_);
    process_ = std::move(process);
    return pid;
  }
  void signal(int number) override { process_->signal(number); }
  WorkerSeen look() override {
    return {wire::read_pulse(heartbeat()), platform::is_stopped(process_->pid()), kills_.count()};
  }
  std::optional<platform::ExitStatus> exited() override {
    const auto status = process_->wait(std::chrono::milliseconds(0));
    if (!status) return std::nullopt;
    const std::lock_guard lock(mutex_);
    process_.reset();
    return status;
  }
  std::vector<std::uint64_t> suspects() override { return wire::read_suspects(heartbeat()); }

  void call(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
            wire::RpcClient::Reply reply) override {
    std::shared_ptr<wire::RpcClient> client;
    {
      const std::lock_guard lock(mutex_);
      client = client_;
    }
    if (client) return client->call(method, body, timeout, std::move(reply));
    reply(wire::Message(wire::failure_line("0", wire::lost("its socket is closed"))));
  }
  void close_socket() override {
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
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return retired_ != nullptr; });
    last = std::move(retired_);
    lock.unlock();
  }
  ProgramFile look_at_program(const std::string& path) override {
    return supervisor::look_at_program(path);
  }

 private:
  void keep() {
    carrier_.begin();
    while (true) {
      std::deque<std::function<void()>> posted;
      {
        std::unique_lock lock(mutex_);
        const auto any = [this] { return !posted_.empty(); };
        if (carrier_.over() && !any()) return;
        const Instant next = carrier_.next_step();
        if (next == Instant::max()) {
          wake_.wait(lock, any);
        } else {
          wake_.wait_until(lock, next, any);
        }
        posted.swap(posted_);
      }
      for (const auto& action : posted) action();
      carrier_.step();
    }
  }

  void open(int socket, WorkerConnection connection) {
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
        new wire::RpcClient(socket, std::move(connection.notified),
                            [ended = std::move(connection.ended)](const std::string&) { ended(); }),
        retire);
    const std::lock_guard lock(mutex_);
    client_ = client;
  }

  const wire::Heartbeat& heartbeat() const {
    return *static_cast<const wire::Heartbeat*>(page_->data());
  }

  const std::vector<std::string> arguments_;
  const std::vector<int> held_;
  // The keeper thread's:
  WorkerCarrier carrier_;
  std::unique_ptr<platform::SharedPage> page_;
  platform::OutOfMemoryKills kills_;

  mutable std::mutex mutex_;  // guards everything below; the keeper alone changes process_
  std::condition_variable wake_;
  std::deque<std::function<void()>> posted_;
  WorkerStatus status_;
  std::unique_ptr<platform::Process> process_;
  std::shared_ptr<wire::RpcClient> client_;
  std::unique_ptr<wire::RpcClient> retired_;
  std::thread thread_;
};

Worker::Worker(WorkerOptions options, WorkerListener listener)
    : system_(std::make_unique<SystemPort>(std::move(options), std::move(listener))) {}
Worker::~Worker() {
  system_->stop();
}
void Worker::start() {
  system_->start();
}
void Worker::wake() {
  system_->tell([](WorkerCarrier& carrier) { carrier.wake(); });
}
void Worker::replace(const std::string& reason) {
  system_->tell([reason](WorkerCarrier& carrier) { carrier.replace(reason); });
}
void Worker::retire(const std::string& program) {
  system_->tell([program](WorkerCarrier& carrier) { carrier.retire(program); });
}
void Worker::set_switches(const wire::Switches& switches) {
  system_->tell([switches](WorkerCarrier& carrier) { carrier.set_switches(switches); });
}
void Worker::stop() {
  system_->stop();
}
void Worker::kill() {
  system_->kill();
}
WorkerStatus Worker::status() const {
  return system_->status();
}
void Worker::call(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
                  wire::RpcClient::Reply reply) {
  system_->ask(method, body, timeout, std::move(reply));
}

}  // namespace sanctum::supervisor
