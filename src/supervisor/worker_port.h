// What the carrier of one worker (worker_carrier.h) needs of the machine: a process, a socket to
// it, the time. On a thread with real processes that is worker.cpp; in tests/simulation it is a
// machine made of nothing but events.
//
// Thread rule: everything is called on the carrier's thread, and so is what was posted; `post` and
// `call` may be called by any. The functions of a Connection come on its own threads, without locks
// held.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "platform/exit_status.h"
#include "supervisor/program_file.h"
#include "wire/heartbeat.h"
#include "wire/rpc_client.h"

namespace sanctum::supervisor {

struct WorkerStatus;

struct WorkerConnection {
  std::function<void(const wire::Message&)> notified;  // may throw Error: the frame makes no sense
  std::function<void()> ended;                         // after all its calls have failed
};

struct WorkerSeen {
  wire::Pulse pulse;
  bool stopped = false;  // the system says so
  // That the system counts where the process lives; nothing when it does not tell.
  std::optional<std::uint64_t> out_of_memory_kills = {};
};

class WorkerPort {
 public:
  virtual ~WorkerPort() = default;
  virtual Instant now() const = 0;
  // Runs it on the carrier's thread, behind what was posted before.
  virtual void post(std::function<void()> action) = 0;
  // For those who ask from other threads; in force when it returns.
  virtual void publish(const WorkerStatus& status) = 0;

  // --- the process; there is one at most -----------------------------------------------------
  // Starts it, opens its socket, and returns its process id. Throws Error, kNotFound for a program
  // that is not there.
  virtual int spawn(const std::string& program, WorkerConnection connection) = 0;
  virtual void signal(int number) = 0;
  virtual WorkerSeen look() = 0;
  // Its status when it has ended: it is gone with that. Nothing before.
  virtual std::optional<platform::ExitStatus> exited() = 0;
  // wire::request_key of those it was busy with, also when it is gone.
  virtual std::vector<std::uint64_t> suspects() = 0;

  // --- its socket ----------------------------------------------------------------------------
  // As RpcClient::call.
  virtual void call(std::string_view method, std::string_view body,
                    std::chrono::milliseconds timeout, wire::RpcClient::Reply reply) = 0;
  // All its calls have failed when it returns, and its connection says nothing more. Does nothing
  // when it is closed already.
  virtual void close_socket() = 0;

  virtual ProgramFile look_at_program(const std::string& path) = 0;
};

}  // namespace sanctum::supervisor
