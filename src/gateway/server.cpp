#include "gateway/server.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace sanctum::gateway {

// The connections alive; shared with their `closed` callbacks, which may come late.
class Server::Connections : public std::enable_shared_from_this<Connections> {
 public:
  explicit Connections(std::function<void(bool, const std::string&)> turns_away)
      : turns_away_(std::move(turns_away)) {}

  void add(std::shared_ptr<ConnectionShared> shared, std::shared_ptr<Strand> strand,
           std::unique_ptr<Transport> transport) {
    const std::size_t limit = shared->limits.connections, reserved = shared->limits.reserved;
    const auto calm = shared->limits.calm;
    std::shared_ptr<Connection> connection;
    bool full = false;
    {
      const std::lock_guard lock(mutex_);
      if (shared->draining) return;  // the transport closes as it goes
      full = regular_ >= limit && !longest_idle_leaves(false);
      if (!full || reserved_ < reserved || longest_idle_leaves(true)) {
        const std::uint64_t number = next_++;
        connection =
            make_connection(std::move(shared), std::move(strand), std::move(transport), full,
                            [self = shared_from_this(), number] { self->remove(number); });
        alive_.emplace(number, Known{connection, full});
        ++(full ? reserved_ : regular_);
      }
    }
    if (full)
      turned_away("all " + std::to_string(limit) + " connections are busy with requests");
    else
      let_in(calm);
    if (connection) connection->start();
  }

  // For a newcomer without a descriptor; false when every one is busy. One that is on its way out
  // is enough.
  bool make_room() {
    {
      const std::lock_guard lock(mutex_);
      const bool leaves = alive_.size() > regular_ + reserved_;
      if (leaves || longest_idle_leaves(false) || longest_idle_leaves(true)) return true;
    }
    turned_away("the process has no descriptor left, and every connection is busy with a request");
    return false;
  }

  void each(void (Connection::*action)()) {
    std::vector<std::shared_ptr<Connection>> alive;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [number, known] : alive_) alive.push_back(known.connection);
    }
    for (const auto& connection : alive) ((*connection).*action)();
  }

  bool wait_until_none(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return alive_.empty(); });
  }

  void plain_is(const Address& address) {
    const std::lock_guard lock(mutex_);
    plain_ = to_string(address);
  }
  std::string plain() const {
    const std::lock_guard lock(mutex_);
    return plain_;
  }

  int size() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(alive_.size());
  }

 private:
  struct Known {
    std::shared_ptr<Connection> connection;
    bool reserved = false;
    bool leaving = false;  // it was asked to
  };

  // Of those that are let in, or of those in the reserved places. With the lock, as the next.
  bool longest_idle_leaves(bool reserved) {
    while (true) {
      Known* longest = nullptr;
      Instant since = Instant::max();
      for (auto& [number, known] : alive_) {
        const auto idle = known.connection->idle_since();
        if (!idle || *idle >= since || known.reserved != reserved) continue;
        since = *idle;
        longest = &known;
      }
      if (longest == nullptr) return false;
      if (!longest->connection->leave()) continue;  // its request came meanwhile
      longest->leaving = true;
      --(reserved ? reserved_ : regular_);
      tell_leaving(since);
      return true;
    }
  }

  void tell_leaving(Instant idle_since) {
    ++untold_;
    const Instant now = Clock::now();
    if (now < tell_next_) return;
    tell_next_ = now + kEvictionsToldEvery;
    log::warn("connections_evicted", {{"since_last_told", std::exchange(untold_, 0)},
                                      {"connections", alive_.size()},
                                      {"idle_us", microseconds_between(idle_since, now)}});
  }

  void remove(std::uint64_t number) {
    std::shared_ptr<Connection> last;  // destroyed after the lock is released
    const std::lock_guard lock(mutex_);
    const auto found = alive_.find(number);
    if (found == alive_.end()) return;
    if (!found->second.leaving) --(found->second.reserved ? reserved_ : regular_);
    last = std::move(found->second.connection);
    alive_.erase(found);
    changed_.notify_all();
  }

  void turned_away(const std::string& why) {
    {
      const std::lock_guard lock(mutex_);
      last_turned_away_ = Clock::now();
      if (std::exchange(turning_away_, true)) return;
    }
    log::error("connections_refused", {{"reason", why}});
    if (turns_away_) turns_away_(true, why);
  }

  void let_in(std::chrono::milliseconds calm) {
    {
      const std::lock_guard lock(mutex_);
      if (!turning_away_ || Clock::now() - last_turned_away_ < calm) return;
      turning_away_ = false;
    }
    if (turns_away_) turns_away_(false, "newcomers are let in again");
  }

  const std::function<void(bool, const std::string&)> turns_away_;
  mutable std::mutex mutex_;  // guards what is below
  std::condition_variable changed_;
  std::map<std::uint64_t, Known> alive_;
  std::string plain_;                       // where plain HTTP is spoken; empty for nowhere
  std::size_t regular_ = 0, reserved_ = 0;  // of them, without those that are leaving
  std::uint64_t next_ = 0;
  std::size_t untold_ = 0;
  Instant tell_next_{};
  bool turning_away_ = false;
  Instant last_turned_away_{};
};

Server::Server(EventLoop& loop, ConnectionLimits limits, Handler handler, ServerHooks hooks)
    : loop_(loop),
      shared_(std::make_shared<ConnectionShared>()),
      connections_(std::make_shared<Connections>(std::move(hooks.turns_away))) {
  shared_->limits = limits;
  shared_->handler = std::move(handler);
  shared_->door = std::move(hooks.door);
  shared_->goes_first = std::move(hooks.goes_first);
  shared_->spell_error = std::move(hooks.spell_error);
  shared_->plain_address = [connections = connections_] { return connections->plain(); };
}

Server::~Server() {
  close_listeners();
  abort();
}

Address Server::listen(const Address& address, const std::optional<TlsFiles>& tls) {
  listeners_.push_back(std::make_unique<Listener>(loop_, address, tls, listener_hooks()));
  const Address bound = listeners_.back()->address();
  if (!tls) connections_->plain_is(bound);
  return bound;
}

void Server::listen_local(const std::string& path) {
  listeners_.push_back(std::make_unique<Listener>(loop_, path, listener_hooks()));
}

void Server::listen_local_instead(const std::string& path) {
  listeners_.clear();
  listen_local(path);
}

Listener::Hooks Server::listener_hooks() {
  Listener::Hooks hooks;
  hooks.accepted = [shared = shared_, connections = connections_](
                       std::shared_ptr<Strand> strand, std::unique_ptr<Transport> transport) {
    connections->add(shared, std::move(strand), std::move(transport));
  };
  hooks.make_room = [connections = connections_] { return connections->make_room(); };
  return hooks;
}

int Server::connections() const {
  return connections_->size();
}
bool Server::draining() const {
  return shared_->draining;
}

void Server::close_listeners() {
  shared_->draining = true;
  listeners_.clear();
}

bool Server::drain(std::chrono::milliseconds limit) {
  close_listeners();
  connections_->each(&Connection::drain);
  return connections_->wait_until_none(limit);
}

void Server::abort() {
  connections_->each(&Connection::abort);
  connections_->wait_until_none(kAbortLimit);
}

}  // namespace sanctum::gateway
