// A process that `serve` keeps: started, listened to, and seen to end. What it says that is no
// message (keeper_message.h) is logged and passed over. One thread; what signals it may come from
// others.
#pragma once

#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "platform/process.h"
#include "serve/keeper_message.h"

namespace sanctum::serve {

class KeptProcess {
 public:
  KeptProcess() = default;
  ~KeptProcess();
  KeptProcess(const KeptProcess&) = delete;
  KeptProcess& operator=(const KeptProcess&) = delete;

  bool there() const { return process_ != nullptr; }
  int pid() const { return process_ ? process_->pid() : 0; }
  // Throws Error.
  void start(const platform::ProcessOptions& options);
  // To wait on; -1 when it has closed its end.
  int descriptor() const { return socket_; }
  // Dropped when it does not read.
  void tell(const KeeperMessage& message);
  using Heard = std::function<void(const KeeperMessage&)>;
  void listen(const Heard& heard);
  // Once, when it has ended, and after its last words were heard; it is not there from then on.
  std::optional<platform::ExitStatus> ended(const Heard& heard);

  // From any thread.
  void signal(int number);
  // SIGQUIT, which is "at once", and SIGKILL if it is still there after `patience`.
  void end(std::chrono::milliseconds patience);

 private:
  std::shared_ptr<platform::Process> shared() const;

  int socket_ = -1;
  std::string unread_;
  mutable std::mutex mutex_;  // guards process_, which the owner alone changes
  std::shared_ptr<platform::Process> process_;
};

}  // namespace sanctum::serve
