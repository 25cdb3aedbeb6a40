#include "gateway/server.h"

#include <condition_variable>
#include <map>
#include <mutex>

#include "base/log.h"

namespace sanctum::gateway {

// The connections alive; shared with their `closed` callbacks, which may come late.
class Server::Connections : public std::enable_shared_from_this<Connections> {
 public:
  void add(std::shared_ptr<ConnectionShared> shared, std::shared_ptr<Strand> strand,
           std::unique_ptr<Transport> transport) {
    std::shared_ptr<Connection> connection;
    {
      const std::lock_guard lock(mutex_);
      if (alive_.size() >= shared->limits.connections || shared->draining) {
        log::warn("connection_refused",
                  {{"peer", transport->peer().address}, {"connections", alive_.size()}});
        return;  // the transport closes as it goes
      }
      const std::uint64_t number = next_++;
      connection = make_connection(std::move(shared), std::move(strand), std::move(transport),
                                   [self = shared_from_this(), number] { self->remove(number); });
      alive_.emplace(number, connection);
    }
    connection->start();
  }

  void each(void (Connection::*action)()) {
    std::vector<std::shared_ptr<Connection>> alive;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [number, connection] : alive_) alive.push_back(connection);
    }
    for (const auto& connection : alive) ((*connection).*action)();
  }

  bool wait_until_none(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return alive_.empty(); });
  }

  int size() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(alive_.size());
  }

 private:
  void remove(std::uint64_t number) {
    std::shared_ptr<Connection> last;  // destroyed after the lock is released
    const std::lock_guard lock(mutex_);
    const auto found = alive_.find(number);
    if (found == alive_.end()) return;
    last = std::move(found->second);
    alive_.erase(found);
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, std::shared_ptr<Connection>> alive_;
  std::uint64_t next_ = 0;
};

Server::Server(EventLoop& loop, ConnectionLimits limits, Handler handler, Door door)
    : loop_(loop),
      shared_(std::make_shared<ConnectionShared>()),
      connections_(std::make_shared<Connections>()) {
  shared_->limits = limits;
  shared_->handler = std::move(handler);
  shared_->door = std::move(door);
}

Server::~Server() {
  close_listeners();
  abort();
}

Address Server::listen(const Address& address, const std::optional<TlsFiles>& tls) {
  listeners_.push_back(std::make_unique<Listener>(loop_, address, tls, accepted()));
  return listeners_.back()->address();
}

void Server::listen_local(const std::string& path) {
  listeners_.push_back(std::make_unique<Listener>(loop_, path, accepted()));
}

Listener::Accepted Server::accepted() {
  return [shared = shared_, connections = connections_](std::shared_ptr<Strand> strand,
                                                        std::unique_ptr<Transport> transport) {
    connections->add(shared, std::move(strand), std::move(transport));
  };
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
