#include "platform/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/invariant.h"
#include "platform/process_system.h"

extern char** environ;

namespace sanctum::platform {
namespace {

constexpr int kChildSocket = 3;
constexpr std::size_t kDescriptorsMax = 6;
constexpr int kFirstFreeDescriptor = 10;  // above every number that the child's table is built from
constexpr int kReapPollMs = 50;  // between looks, for a system whose exit watch came too late

[[noreturn]] void fail(const std::string& what, int error) {
  // What is beyond a limit of ours is said in many ways.
  const bool missing = error == ENOENT || error == EACCES || error == ENOEXEC || error == ENOTDIR ||
                       error == ELOOP || error == ENAMETOOLONG || error == EPERM;
  throw Error(missing ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
              what + ": " + std::strerror(error));
}

struct SpawnPlan {
  SpawnPlan() {
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_init(&actions);
  }
  ~SpawnPlan() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
};

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const std::string name = text.substr(0, text.find('='));
    if (std::none_of(added.begin(), added.end(), [&](const auto& a) { return a.first == name; }))
      all.push_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Closes what it holds, unless it is taken.
class Owned {
 public:
  explicit Owned(int fd) : fd_(fd) {}
  ~Owned() {
    if (fd_ >= 0) ::close(fd_);
  }
  Owned(Owned&& other) noexcept : fd_(other.take()) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  int get() const { return fd_; }
  int take() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Out of the way of the child's own numbers.
Owned out_of_the_way(int descriptor) {
  Owned copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstFreeDescriptor));
  if (copy.get() < 0) fail("cannot hand a descriptor down", errno);
  return copy;
}

}  // namespace

Process::Process(const ProcessOptions& options) {
  if (::access(options.path.c_str(), X_OK) != 0) fail("cannot run " + options.path, errno);
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) fail("cannot make a socket", errno);
  Owned ours(pair[0]);
  Owned child_end = [&] {
    const Owned theirs(pair[1]);
    return out_of_the_way(theirs.get());
  }();
  if (::fcntl(ours.get(), F_SETFD, FD_CLOEXEC) != 0) fail("cannot make a socket", errno);

  SANCTUM_INVARIANT(options.descriptors.size() <= kDescriptorsMax, "a few descriptors");
  std::vector<Owned> passed;
  passed.reserve(options.descriptors.size());
  for (const int descriptor : options.descriptors) passed.push_back(out_of_the_way(descriptor));

  SpawnPlan plan;
  int error = ::posix_spawn_file_actions_addopen(&plan.actions, 0, "/dev/null", O_RDONLY, 0);
  const auto becomes = [&](int descriptor, int number) {
    if (error == 0) error = ::posix_spawn_file_actions_adddup2(&plan.actions, descriptor, number);
  };
  // Our standard output is for our own results.
  becomes(options.speaks_to_socket ? child_end.get() : 2, 1);
  becomes(options.speaks_to_socket ? child_end.get() : 2, 2);
  becomes(child_end.get(), kChildSocket);
  int last_kept = kChildSocket;
  for (const auto& descriptor : passed) becomes(descriptor.get(), ++last_kept);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
  if (error == 0) error = isolate_child(plan.attributes, plan.actions, flags, last_kept);
  ::posix_spawnattr_setflags(&plan.attributes, flags);

  std::vector<std::string> arguments{options.path};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> environment = environment_with(options.environment);
  if (error == 0) {
    error = ::posix_spawn(&pid_, options.path.c_str(), &plan.actions, &plan.attributes,
                          pointers(arguments).data(), pointers(environment).data());
  }
  if (error != 0) fail("cannot start " + options.path, error);
  exit_watch_ = open_exit_watch(pid_);
  if (exit_watch_ < 0) {
    error = errno;
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    fail("cannot start " + options.path, error);
  }
  socket_ = ours.take();
}

Process::~Process() {
  signal(SIGKILL);
  while (!left_ && !wait(std::chrono::milliseconds(1000))) {
  }
  ::close(exit_watch_);
  if (socket_ >= 0) ::close(socket_);
}

void Process::end_or_leave(std::chrono::milliseconds limit) {
  signal(SIGKILL);
  left_ = !wait(limit);
}

int Process::take_socket() {
  const int socket = socket_;
  socket_ = -1;
  return socket;
}

void Process::signal(int number) {
  const std::lock_guard lock(mutex_);
  if (!ended_) ::kill(-pid_, number);
}

std::optional<ExitStatus> Process::wait(std::chrono::milliseconds limit) {
  const Instant deadline = Clock::now() + limit;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return ended_;
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        ended_ = exit_status(status);
        return ended_;
      }
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return std::nullopt;
    pollfd ready{exit_watch_, POLLIN, 0};
    ::poll(&ready, 1, static_cast<int>(std::min<long long>(left, kReapPollMs)));
  }
}

}  // namespace sanctum::platform
