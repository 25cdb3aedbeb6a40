#include "wire/rpc_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"

namespace sanctum::wire {
namespace {
constexpr int kWritePollMs =
    100;  // how late a deadline may be noticed while the peer does not read
constexpr std::size_t kReadBytes = 1u << 16;
constexpr const char* kLostField = "engine";
}  // namespace

Failure lost(const std::string& message) {
  return {ErrorCode::kUnavailable, message, kLostField};
}
bool is_lost(const Failure& failure) {
  return failure.code == ErrorCode::kUnavailable && failure.field == kLostField;
}

class RpcClient::Connection {
 public:
  Connection(int socket, Notified notified, Ended ended)
      : socket_(socket), notified_(std::move(notified)), ended_(std::move(ended)) {
    try {
      writer_ = std::thread([this] { write_loop(); });
      reader_ = std::thread([this] { read_loop(); });
    } catch (const std::system_error& error) {
      leave();
      throw Error(ErrorCode::kUnavailable,
                  std::string("no thread for a connection: ") + error.what());
    }
  }

  ~Connection() { leave(); }

  void call(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
            Reply reply) {
    std::unique_lock lock(mutex_);
    const std::uint64_t id = next_id_++;
    std::string line = request_line(std::to_string(id), method, body);
    std::optional<Failure> refusal;
    if (stopped_) {
      refusal = lost("the engine is gone");
    } else if (line.size() > kFrameBytesMax) {
      refusal =
          Failure{ErrorCode::kInvalid, "the request is too large for the engine's socket", {}};
    } else if (queued_bytes_ + line.size() > kQueuedBytesMax) {
      refusal = Failure{ErrorCode::kBusy, "the engine is not reading its socket", {}};
    }
    if (refusal) {
      lock.unlock();
      reply(Message(failure_line(std::to_string(id), *refusal)));
      return;
    }
    const Instant deadline = timeout.count() > 0 ? Clock::now() + timeout : Instant::max();
    pending_.emplace(id, Pending{std::move(reply), deadline});
    if (deadline != Instant::max()) wake_.notify_all();  // the writer minds it
    enqueue(std::move(line));
  }

  void notify(std::string_view method, std::string_view body) {
    const std::lock_guard lock(mutex_);
    std::string line = notification_line(method, body);
    if (stopped_ || queued_bytes_ + line.size() > kQueuedBytesMax) return;
    enqueue(std::move(line));
  }

  void end() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    ::shutdown(socket_, SHUT_RDWR);
  }

 private:
  void leave() {
    end();
    if (reader_.joinable()) reader_.join();
    if (writer_.joinable()) writer_.join();
    ::close(socket_);
  }

  struct Pending {
    Reply reply;
    Instant deadline;
  };

  // Writes at once what the socket takes: handing the line to the writer would cost a wake-up.
  void enqueue(std::string line) {
    if (lines_.empty()) {
      const auto sent = send_now(line);
      if (!sent) break_off();
      written_ = sent.value_or(0);
      if (written_ == line.size()) {
        written_ = 0;
        return;
      }
    }
    queued_bytes_ += line.size();
    lines_.push_back(std::move(line));
    wake_.notify_all();
  }

  // How much the socket took without waiting; nothing when the stream is broken.
  std::optional<std::size_t> send_now(std::string_view text) const {
    const ssize_t n = ::send(socket_, text.data(), text.size(), MSG_DONTWAIT);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    return std::nullopt;
  }

  // The reader sees the end and tells everyone. With the lock.
  void break_off() {
    stopped_ = true;
    ::shutdown(socket_, SHUT_RDWR);
  }

  void read_loop() {
    std::string reason = "the engine closed its socket";
    LineBuffer lines;
    std::array<char, kReadBytes> bytes;
    try {
      while (true) {
        const ssize_t n = ::recv(socket_, bytes.data(), bytes.size(), 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) reason = std::string("reading from the engine failed: ") + std::strerror(errno);
        if (n <= 0) break;
        lines.push(std::string_view(bytes.data(), static_cast<std::size_t>(n)));
        while (auto line = lines.pop()) receive(*line);
      }
    } catch (const Error& error) {
      reason = std::string("the engine sent a bad frame: ") + error.what();
      log::error("engine_bad_frame", {{"error", error.what()}});
    } catch (const std::exception& error) {
      // A callback's fault, or memory that cannot be had: the stream's place is lost. The next
      // engine is told what was said, and goes on behind it.
      reason = std::string("what the engine sent could not be handled: ") + error.what();
      log::error("engine_frame_failed", {{"error", error.what()}});
    }
    end();
    fail_all(lost(reason));
    if (ended_) last_call([&] { ended_(reason); });
  }

  // Of what has to happen whatever becomes of it: the others have to be told too.
  template <class Action>
  static void last_call(Action action) {
    try {
      action();
    } catch (const std::exception& error) {
      log::error("engine_callback_failed", {{"error", error.what()}});
    }
  }

  void receive(const std::string& line) {
    const Message message(line);
    if (!message.method.empty()) {
      if (message.id.empty()) notified_(message);
      return;
    }
    if (message.id.empty()) throw Error(ErrorCode::kCorrupt, message.failure->message);
    Reply reply;
    {
      const std::lock_guard lock(mutex_);
      // An id that is not there was given up at its deadline.
      const auto found = pending_.find(std::strtoull(message.id.c_str(), nullptr, 10));
      if (found == pending_.end()) return;
      reply = std::move(found->second.reply);
      pending_.erase(found);
    }
    reply(message);
  }

  void fail_all(const Failure& failure) {
    std::map<std::uint64_t, Pending> failed;
    {
      const std::lock_guard lock(mutex_);
      failed.swap(pending_);
    }
    for (auto& [id, pending] : failed) fail(id, pending, failure);
  }

  static void fail(std::uint64_t id, Pending& pending, const Failure& failure) {
    last_call([&] { pending.reply(Message(failure_line(std::to_string(id), failure))); });
  }

  // Writes lines and minds deadlines.
  void write_loop() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
      Instant nearest = Instant::max();
      for (const auto& [id, pending] : pending_) nearest = std::min(nearest, pending.deadline);
      if (lines_.empty()) {
        if (nearest == Instant::max()) {
          wake_.wait(lock);
        } else {
          wake_.wait_until(lock, nearest);
        }
      }
      expire(lock);
      if (stopped_ || lines_.empty()) continue;
      write_some(lock);
    }
  }

  void expire(std::unique_lock<std::mutex>& lock) {
    const Instant now = Clock::now();
    std::vector<std::pair<std::uint64_t, Pending>> expired;
    for (auto it = pending_.begin(); it != pending_.end();) {
      if (it->second.deadline <= now) {
        expired.emplace_back(it->first, std::move(it->second));
        it = pending_.erase(it);
      } else {
        ++it;
      }
    }
    if (expired.empty()) return;
    lock.unlock();
    for (auto& [id, pending] : expired) {
      fail(id, pending, {ErrorCode::kDeadline, "the engine did not answer in time", {}});
    }
    lock.lock();
  }

  void write_some(std::unique_lock<std::mutex>& lock) {
    const std::string& line = lines_.front();  // only this thread removes lines
    lock.unlock();
    pollfd ready{socket_, POLLOUT, 0};
    std::optional<std::size_t> sent = 0;
    if (::poll(&ready, 1, kWritePollMs) > 0)
      sent = send_now(std::string_view(line).substr(written_));
    lock.lock();
    if (!sent) return break_off();
    written_ += *sent;
    if (written_ == lines_.front().size()) {
      queued_bytes_ -= written_;
      written_ = 0;
      lines_.pop_front();
    }
  }

  const int socket_;
  const Notified notified_;
  const Ended ended_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::uint64_t, Pending> pending_;
  std::deque<std::string> lines_;
  std::size_t queued_bytes_ = 0;
  std::size_t written_ = 0;  // of the first line; the writer's own while there is one
  std::uint64_t next_id_ = 1;
  bool stopped_ = false;
  std::thread writer_;
  std::thread reader_;
};

RpcClient::RpcClient(int socket, Notified notified, Ended ended)
    : connection_(std::make_unique<Connection>(socket, std::move(notified), std::move(ended))) {}
RpcClient::~RpcClient() = default;
void RpcClient::call(std::string_view method, std::string_view body,
                     std::chrono::milliseconds timeout, Reply reply) {
  connection_->call(method, body, timeout, std::move(reply));
}
void RpcClient::notify(std::string_view method, std::string_view body) {
  connection_->notify(method, body);
}
void RpcClient::end() {
  connection_->end();
}

}  // namespace sanctum::wire
