#include "serve/kept_process.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace sanctum::serve {

KeptProcess::~KeptProcess() {
  if (socket_ >= 0) ::close(socket_);
}

void KeptProcess::start(const platform::ProcessOptions& options) {
  auto process = std::make_shared<platform::Process>(options);
  socket_ = process->take_socket();
  if (::fcntl(socket_, F_SETFL, O_NONBLOCK) != 0) {
    ::close(std::exchange(socket_, -1));
    throw Error(ErrorCode::kUnavailable, "cannot listen to " + options.path + " without waiting");
  }
  const std::lock_guard lock(mutex_);
  process_ = std::move(process);
}

void KeptProcess::tell(const KeeperMessage& message) {
  if (socket_ < 0) return;
  const std::string text = keeper_line(message);
  [[maybe_unused]] const ssize_t written =
      ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void KeptProcess::listen(const Heard& heard) {
  if (socket_ < 0) return;
  char bytes[1024];
  ssize_t count = 0;
  while ((count = ::read(socket_, bytes, sizeof bytes)) > 0)
    unread_.append(bytes, static_cast<std::size_t>(count));
  const bool over = count == 0 || (errno != EAGAIN && errno != EINTR);
  for (std::size_t end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n')) {
    const std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    try {
      heard(read_keeper_line(line));
    } catch (const Error& error) {
      log::error("message_senseless", {{"pid", pid()}, {"error", error.what()}});
    }
  }
  if (!over && unread_.size() <= kKeeperMessageBytesMax) return;
  ::close(std::exchange(socket_, -1));
  unread_.clear();
}

std::optional<platform::ExitStatus> KeptProcess::ended(const Heard& heard) {
  if (!process_) return std::nullopt;
  const auto status = process_->wait(std::chrono::milliseconds(0));
  if (!status) return std::nullopt;
  listen(heard);
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  unread_.clear();
  const std::lock_guard lock(mutex_);
  process_.reset();
  return status;
}

void KeptProcess::signal(int number) {
  if (const auto process = shared()) process->signal(number);
}

void KeptProcess::end(std::chrono::milliseconds patience) {
  const auto process = shared();
  if (!process) return;
  process->signal(SIGQUIT);
  process->wait(patience);
  process->signal(SIGKILL);
}

std::shared_ptr<platform::Process> KeptProcess::shared() const {
  const std::lock_guard lock(mutex_);
  return process_;
}

}  // namespace sanctum::serve
